#include "fastmlp/nn/dense.hpp"

#include "fastmlp/kernels/gemm.hpp"

namespace fastmlp {
namespace {

// A part of dW has at least this many rows, enough for the product, and about so many elements,
// that the update finds them in cache. Whole cache lines of rows: the columns of the packed Wᵀ that
// two threads write share none.
constexpr Index kPartRows = 32;
constexpr Index kWidePartRows = 64;
constexpr Index kPartElements = 8192;
constexpr Index kRowsPerLine = 16;

}  // namespace

template <class T>
Dense<T>::Dense(Index inputs, DenseSpec spec, Index offset)
    : Layer<T>(inputs, spec.units), spec_(std::move(spec)), offset_(offset) {
  const Index least = is_wide<T>(spec_.units) ? kWidePartRows : kPartRows;
  rows_per_part_ = std::max(least, kPartElements / inputs / kRowsPerLine * kRowsPerLine);
}

template <class T>
Range Dense<T>::biases() const {
  const Index begin = weights().end;
  return {begin, begin + (spec_.bias ? this->outputs() : 0)};
}

template <class T>
void Dense<T>::initialize(Rng& rng, T* w) const {
  Buffer<double> values(weights().size());
  std::visit(
      [&](const auto& init) { init.fill(this->inputs(), this->outputs(), rng, values.data()); },
      spec_.init);
  std::transform(values.data(), values.data() + values.size(), w + weights().begin,
                 [](double value) { return static_cast<T>(value); });
  std::fill(w + biases().begin, w + biases().end, T(0));
}

template <class T>
Tape<T> Dense<T>::make_tape(Index n, typename Layer<T>::Needs needs) const {
  const Index inputs = this->inputs(), outputs = this->outputs();
  Tape<T> tape;
  tape.h = Matrix<T>(n, outputs);
  if (uses_input(spec_.activation)) tape.a = Matrix<T>(n, outputs);
  if (needs.gradient) tape.delta = Matrix<T>(n, outputs);
  if (needs.gradient && is_wide<T>(outputs)) {
    tape.h_panels = PanelMatrix<T>(n, outputs);
    tape.delta_panels = PanelMatrix<T>(n, outputs);
  }
  if (n >= kFewRows) {
    tape.wt = PanelMatrix<T>(inputs, outputs);
    if (needs.input_gradient && is_wide<T>(inputs)) tape.w_panels = PanelMatrix<T>(outputs, inputs);
  }
  return tape;
}

// Columns of Wt (n_in, n_out), and where it is wide rows of W, in panels.
template <class T>
void Dense<T>::pack(Index i, const T* w, Index n, Tape<T>& tape) const {
  if (n < kFewRows) return;
  const Index inputs = this->inputs();
  const Range rows = part_rows(i);
  const T* first = w + weights().begin;
  for (Range r = rows; r.begin < rows.end; r.begin = r.end) {
    r.end = std::min(rows.end, (r.begin / kPanelColumns<T> + 1) * kPanelColumns<T>);
    transpose(r.size(), inputs, first + r.begin * inputs, inputs, tape.wt.column(r.begin),
              kPanelColumns<T>);
  }
  if (!tape.w_panels.empty()) {
    tape.w_panels.copy_rows({first + rows.begin * inputs, rows.size(), inputs, inputs}, rows.begin);
  }
}

// a (rows, n_out) = X (rows, n_in) Wᵀ + b
template <class T>
void Dense<T>::combine(const T* w, Index n, const Pass&, Range, Block<const T> x, Tape<T>& tape,
                       Block<T> a) const {
  const T* bias = spec_.bias ? w + biases().begin : nullptr;
  if (n < kFewRows) {
    for (Index i = 0; i < x.rows; ++i) {
      gemv(this->outputs(), this->inputs(), w + weights().begin, x.row(i), bias, a.row(i));
    }
  } else {
    gemm(x.rows, this->outputs(), this->inputs(), {x.data, x.stride, 1}, tape.wt.panels(), a.data,
         a.stride, bias);
  }
}

// dL/dX (rows, n_in) = delta (rows, n_out) W
template <class T>
void Dense<T>::backward(const T* w, Index n, Range rows, const Tape<T>& tape,
                        Block<T> input_gradient) const {
  const Block<const T> delta = tape.delta.part(rows);
  const bool packed = n >= kFewRows && !tape.w_panels.empty();
  const Panels<T> panels =
      packed ? tape.w_panels.panels() : Panels<T>{w + weights().begin, this->inputs()};
  gemm(delta.rows, this->inputs(), this->outputs(), {delta.data, delta.stride, 1}, panels,
       input_gradient.data, input_gradient.stride);
}

// Rows of W; the last part takes the biases along.
template <class T>
Range Dense<T>::part(Index i) const {
  const Range rows = part_rows(i);
  return {offset_ + rows.begin * this->inputs(),
          last(i) ? biases().end : offset_ + rows.end * this->inputs()};
}

// dW panel by panel of X, each of which serves all panels of delta while it is in cache.
template <class T>
void Dense<T>::wide_gradient(Range rows, Index n, const PanelMatrix<T>& delta, Panels<T> x,
                             T* g) const {
  constexpr Index kColumns = kPanelColumns<T>;
  const Index inputs = this->inputs();
  for (Index p = ceil_div(inputs, kColumns); p-- > 0;) {
    const Range columns = tile(p, kColumns, inputs);
    for (Index r = rows.begin; r < rows.end; r = (r / kColumns + 1) * kColumns) {
      const Index height = std::min(rows.end, (r / kColumns + 1) * kColumns) - r;
      gemm(height, columns.size(), n, {delta.column(r), 1, kColumns}, {x.data + p * x.panel, x.row},
           g + (r - rows.begin) * inputs + columns.begin, inputs);
    }
  }
}

// dW (rows, n_in) = deltaᵀ (rows, n) X (n, n_in), db (n_out) = sum of delta over the samples
template <class T>
void Dense<T>::gradient(Index i, Index n, const Tape<T>& tape, Panels<T> input, T* g) const {
  const Range rows = part_rows(i);
  const Index inputs = this->inputs();
  const Block<const T> delta = tape.delta.part({0, n});
  if (tape.delta_panels.empty()) {
    gemm(rows.size(), inputs, n, {delta.data + rows.begin, 1, delta.stride}, input, g, inputs);
  } else {
    wide_gradient(rows, n, tape.delta_panels, input, g);
  }
  if (spec_.bias && last(i)) sum_rows(delta, g + rows.size() * inputs);
}

template class Dense<float>;
template class Dense<double>;

}  // namespace fastmlp
