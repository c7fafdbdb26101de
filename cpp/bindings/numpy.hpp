// Interface to NumPy: arrays of exactly the right dtype in C order, read and written in place.
// Everything else is converted in Python (fastmlp/_data/arrays.py); shapes are checked again here,
// so that no call can corrupt memory.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/train/dataset.hpp"
#include "input_rows.hpp"

namespace fastmlp::bindings {

// The steps of n sequences, or nullptr where there are none.
inline const std::int64_t* lengths_of(const py::object& lengths, Index n) {
  if (lengths.is_none()) return nullptr;
  return vector_of(exact_array<std::int64_t>(lengths, "lengths"), n, "lengths").data();
}

// X, targets and weights as the core reads them, in memory that stays in place while this exists.
// Targets are (n, n_out), or class indices (n,) or (n, groups); in a tuple with the factors (n,
// n_terms) of their terms where these differ.
template <class T>
class LeasedDataset {
 public:
  LeasedDataset(const py::object& x, const py::object& given, const py::object& weights,
                const py::object& lengths, const Network<T>& network, const Loss& loss)
      : x_(x, network.plan().inputs()),
        targets_(targets_of(member_of(given, 0))),
        weights_(weights_of(weights)),
        lengths_(lengths) {
    const py::object targets = member_of(given, 0);
    x_.hold();
    data_.x = x_.rows();
    const Index n = data_.x.rows;
    if (py::isinstance<Array<std::int64_t>>(targets)) {
      Array<std::int64_t> classes(targets);
      const Index outputs = network.plan().outputs();
      data_.groups = outputs / group_units(network.plan().output(), outputs);
      data_.classes =
          vector_of(Array<std::int64_t>(classes.reshape({classes.size()})), n * data_.groups, "y")
              .data();
    } else {
      data_.y = rows_of(Array<T>(targets), target_columns(loss, network.plan().outputs()), "y");
      if (data_.y.rows != n) {
        throw py::value_error("y has " + std::to_string(data_.y.rows) + " rows, expected " +
                              std::to_string(n) + ", as X has");
      }
    }
    data_.lengths = lengths_of(lengths, n);
    if (!targets.is(given)) {
      terms_ = exact_array<T>(member_of(given, 1), "terms");
      data_.terms = rows_of(terms_, n_terms(network), "terms");
      require(data_.terms.rows == n, "the terms of y are not those of X");
    }
    if (weights.is_none()) return;
    data_.weights = vector_of(Array<T>(weights), n, "sample_weight").data();
  }

  const Dataset<T>& data() const { return data_; }

 private:
  static py::object member_of(const py::object& given, int index) {
    return py::isinstance<py::tuple>(given) ? py::object(given[py::int_(index)]) : given;
  }
  // Groups of classes, or the targets themselves.
  Index n_terms(const Network<T>& network) const {
    const Index outputs = network.plan().outputs();
    const Index classes = group_units(network.plan().output(), outputs);
    return couples_units(network.plan().output()) ? outputs / classes : data_.y.cols;
  }
  static py::array targets_of(const py::object& targets) {
    if (py::isinstance<Array<std::int64_t>>(targets)) return Array<std::int64_t>(targets);
    return exact_array<T>(targets, "y");
  }
  static py::array weights_of(const py::object& weights) {
    if (weights.is_none()) return py::reinterpret_steal<py::array>(nullptr);
    return exact_array<T>(weights, "sample_weight");
  }

  InputRows<T> x_;
  MemoryLease targets_, weights_;
  py::object lengths_;  // made by this package, so that nobody resizes it
  Array<T> terms_;      // the same
  Dataset<T> data_;
};

}  // namespace fastmlp::bindings
