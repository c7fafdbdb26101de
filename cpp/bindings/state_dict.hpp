// The state of a run as nested dictionaries {section: {name: array, number, integer or None}}.
// Python converts types and shapes; here ranges are checked, and sizes again.
#pragma once

#include "fastmlp/optim/state_visitor.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {

// Other Python threads run while this exists, if n values are so many that copying them takes long.
class CopyRelease {
 public:
  explicit CopyRelease(Index n) {
    if (releases_gil({static_cast<double>(n)})) release_.emplace();
  }

 private:
  std::optional<GilRelease> release_;
};

// A copy of a vector in bfloat16, which has no view as T. In place of a view it is not to be
// written, because that would be lost.
template <class T>
Array<T> half_copy(const HalfVector& values, bool writable) {
  Array<T> copy(values.size());
  T* const to = copy.mutable_data();
  {
    const CopyRelease release(values.size());
    values.read({0, values.size()}, to);
  }
  copy.attr("setflags")(writable);
  return copy;
}

// All entries: vectors as copies, or with an owner of the state as live views.
template <class T>
class StateWriter final : public StateVisitor<T> {
 public:
  explicit StateWriter(py::object owner) : owner_(std::move(owner)) {}
  void section(const char* name) override { state[name] = section_ = py::dict(); }
  void vector(const char* name, Buffer<T>& values) override {
    if (owner_) {
      section_[name] = Array<T>(values.size(), values.data(), owner_);
      return;
    }
    Array<T> copy(values.size());
    T* const to = copy.mutable_data();
    {
      const CopyRelease release(values.size());
      std::copy_n(values.data(), values.size(), to);
    }
    section_[name] = copy;
  }
  void half_vector(const char* name, HalfVector& values) override {
    section_[name] = half_copy<T>(values, !owner_);
  }
  void optional_vector(const char* name, Buffer<T>& values, bool& present) override {
    if (present) return vector(name, values);
    section_[name] = py::none();
  }
  void scalar(const char* name, double& value, const Interval*) override { section_[name] = value; }
  void counter(const char* name, Index& value, Index) override { section_[name] = value; }
  py::dict state;

 private:
  py::object owner_;
  py::dict section_;
};

// Live views of the entries of one section: vectors, and scalars as arrays of one entry.
template <class T>
class StateViews final : public StateVisitor<T> {
 public:
  StateViews(py::object owner, std::string section)
      : owner_(std::move(owner)), wanted_(std::move(section)) {}
  void section(const char* name) override { active_ = name == wanted_; }
  void vector(const char* name, Buffer<T>& values) override {
    if (active_) views[name] = py::array_t<T>(values.size(), values.data(), owner_);
  }
  void half_vector(const char* name, HalfVector& values) override {
    if (active_) views[name] = half_copy<T>(values, false);
  }
  void optional_vector(const char*, Buffer<T>&, bool&) override {}
  void scalar(const char* name, double& value, const Interval*) override {
    if (active_) views[name] = py::array_t<double>(1, &value, owner_);
  }
  void counter(const char*, Index&, Index) override {}
  py::dict views;

 private:
  py::object owner_;
  std::string wanted_;
  bool active_ = false;
};

// Fills the entries from a dictionary of the form that StateWriter writes.
template <class T>
class StateReader final : public StateVisitor<T> {
 public:
  StateReader(std::string where, py::dict state)
      : where_(std::move(where)), state_(std::move(state)) {}
  void section(const char* name) override {
    section_ = state_[name];
    prefix_ = name + std::string(".");
  }
  void vector(const char* name, Buffer<T>& values) override {
    const auto array = section_[name].template cast<Array<T>>();
    const T* const from = vector_of(array, values.size(), name).data();
    const CopyRelease release(values.size());
    std::copy_n(from, values.size(), values.data());
  }
  void optional_vector(const char* name, Buffer<T>& values, bool& present) override {
    present = !section_[name].is_none();
    if (present) vector(name, values);
  }
  void scalar(const char* name, double& value, const Interval* bound) override {
    const auto given = section_[name].template cast<double>();
    if (bound) Validator{where_}((prefix_ + name).c_str(), given, *bound, "");
    value = given;
  }
  void counter(const char* name, Index& value, Index max) override {
    const auto given = section_[name].template cast<Index>();
    if (given < 0 || given > max) {
      const std::string full = prefix_ + name;
      throw_invalid(where_, full, std::to_string(given),
                    "0 <= " + full + " <= " + std::to_string(max));
    }
    value = given;
  }

 private:
  std::string where_, prefix_;
  py::dict state_, section_;
};

}  // namespace fastmlp::bindings
