#include "fastmlp/nn/dense.hpp"

namespace fastmlp {
namespace {

// A piece of dW has about so many elements, that the update finds them in cache, and rows enough
// for the product.
constexpr Index kPieceElements = 2048;
// Fewer are not worth two pieces.
constexpr Index kSharedElements = 800;
// Where rows are wide, a piece is taller, for each reads all of the batch from a far cache.
constexpr Index kWidePieceRows = 4 * kMR;

// Asks for rows of the first n columns, which another core may have written.
template <class T>
void prefetch_rows(const PanelMatrix<T>& matrix, Range rows, Index n) {
  for (Index j = 0; j < n; j += kLanes<T>) {
    for (Index i = rows.begin; i < rows.end; ++i) __builtin_prefetch(matrix.at(i, j));
  }
}

// C (m, columns of B) = A B + bias and the epilogue, A packed in blocks of rows.
template <class T>
void multiply_packed(Index m, Index k, const PackedMatrix<T>& a, const PanelView<T>& b,
                     const MatrixView<T>& c, const T* bias, const Epilogue<T>& epilogue) {
  for (Index i = 0; i < m; i += kMR) {
    gemm<T>(std::min(kMR, m - i), c.cols, k, {a.at(0, i), 1, kMR}, b, c.row(i), c.stride,
            bias ? bias + i : nullptr,
            {epilogue.relu, epilogue.h ? epilogue.h + i * c.stride : nullptr, epilogue.function});
  }
}

}  // namespace

template <class T>
DenseMap<T>::DenseMap(Index inputs, Dense spec, Index offset)
    : LayerMap<T>(inputs, spec.units), spec_(std::move(spec)), offset_(offset) {
  const Index least = packs() ? kWidePieceRows : kMR;
  const Index pieces = ceil_div(spec_.units, std::max(least, kPieceElements / inputs));
  const bool tiny = weights().size() < kSharedElements;
  pieces_ =
      tiny ? 1 : std::min(round_up(pieces, 2), ceil_div(spec_.units, unit()));  // for two threads
}

// Rows of W, as even as can be; packed rows come in whole blocks.
template <class T>
Range DenseMap<T>::piece_rows(Index i) const {
  if (pieces_ == 1) return {0, this->outputs()};
  const Index units = ceil_div(this->outputs(), unit());
  const auto border = [&](Index p) {
    return std::min(this->outputs(), units * p / pieces_ * unit());
  };
  return {border(i), border(i + 1)};
}

template <class T>
Range DenseMap<T>::biases() const {
  const Index begin = weights().end;
  return {begin, begin + (spec_.bias ? this->outputs() : 0)};
}

template <class T>
void DenseMap<T>::initialize(Rng& rng, T* w) const {
  Buffer<double> values(weights().size());
  std::visit(
      [&](const auto& init) { init.fill(this->inputs(), this->outputs(), rng, values.data()); },
      spec_.init.value_or(Initializer{}));
  std::transform(values.data(), values.data() + values.size(), w + weights().begin,
                 [](double value) { return static_cast<T>(value); });
  std::fill(w + biases().begin, w + biases().end, T(0));
}

template <class T>
Tape<T> DenseMap<T>::make_tape(Index n, typename LayerMap<T>::Needs needs) const {
  const Index inputs = this->inputs(), outputs = this->outputs();
  Tape<T> tape;
  tape.h = PanelMatrix<T>(outputs, n);
  if (uses_input(spec_.activation)) tape.a = PanelMatrix<T>(outputs, n);
  if (needs.gradient) tape.delta = PanelMatrix<T>(outputs, n);
  if (needs.samples) tape.samples = PanelMatrix<T>(n, outputs);
  if (packs()) {
    tape.wt = PackedMatrix<T>(inputs, outputs);
    if (needs.input_gradient) tape.w = PackedMatrix<T>(outputs, inputs);
  }
  return tape;
}

// Rows of W that would meet in a few cache sets, or take a page each.
template <class T>
bool DenseMap<T>::packs() const {
  const Index bytes = this->inputs() * static_cast<Index>(sizeof(T));
  return this->outputs() > 1 && (bytes >= 4096 || bytes % 2048 == 0);
}

template <class T>
void DenseMap<T>::pack(Index i, const T* w, Tape<T>& tape) const {
  if (tape.wt.empty()) return;
  const Index inputs = this->inputs();
  const Range rows = piece_rows(i);
  const T* from = w + weights().begin + rows.begin * inputs;
  const MatrixView<const T> part{from, rows.size(), inputs, inputs};
  pack_transposed(rows.begin, part, tape.wt);
  if (!tape.w.empty()) pack_rows(rows.begin, part, tape.w);
}

// A (n_out, samples) = W X + b
template <class T>
void DenseMap<T>::combine(const T* w, const PassContext& pass, Range samples,
                          const PanelMatrix<T>& x, Tape<T>& tape, PanelMatrix<T>& a,
                          const Epilogue<T>& epilogue) const {
  const Index inputs = this->inputs(), outputs = this->outputs();
  if (!tape.wt.empty()) {
    return multiply_packed<T>(outputs, inputs, tape.wt, x.panel(samples.begin), a.columns(samples),
                              bias(w), epilogue);
  }
  const auto multiply = [&](PrefetchSchedule<T>* prefetch) {
    gemm<T>(outputs, samples.size(), inputs, {w + weights().begin, inputs, 1},
            x.panel(samples.begin), a.at(0, samples.begin), kNR<T>, bias(w), epilogue, prefetch);
  };
  if (!pass.team->is_parallel() || tape.delta.empty()) return multiply(nullptr);
  const MatrixView<T> delta = tape.delta.columns(samples);
  const bool narrow = delta.cols <= kLine<T> && delta.stride > kLine<T>;
  PrefetchSchedule<T> prefetch;
  prefetch.ownership = narrow ? OwnershipPrefetch<T>{delta.data, delta.rows, delta.stride}
                          : OwnershipPrefetch<T>{delta.data, delta.rows * delta.stride / kLine<T>};
  multiply(&prefetch);
}

template <class T>
void DenseMap<T>::combine_one(const T* w, const T* x, T* a) const {
  gemv(this->outputs(), this->inputs(), w + weights().begin, x, bias(w), a);
}

// dL/dX (n_in, samples) = Wᵀ delta
template <class T>
void DenseMap<T>::backward(const T* w, Range samples, const Tape<T>& tape,
                           PanelMatrix<T>& input_gradient, const Epilogue<T>& epilogue) const {
  const Index inputs = this->inputs(), outputs = this->outputs();
  const PanelView<T> delta = tape.delta.panel(samples.begin);
  if (!tape.w.empty()) {
    return multiply_packed<T>(inputs, outputs, tape.w, delta, input_gradient.columns(samples),
                              nullptr, epilogue);
  }
  gemm<T>(inputs, samples.size(), outputs, {w + weights().begin, 1, inputs}, delta,
          input_gradient.at(0, samples.begin), kNR<T>, nullptr, epilogue);
}

// Rows of W; the last piece takes the biases along.
template <class T>
Range DenseMap<T>::piece(Index i) const {
  const Range rows = piece_rows(i);
  return {offset_ + rows.begin * this->inputs(),
          last(i) ? biases().end : offset_ + rows.end * this->inputs()};
}

// dW (rows, n_in) = delta (rows, n) Xᵀ (n, n_in), db (n_out) = sum of delta over the samples
template <class T>
void DenseMap<T>::gradient(Index i, Index n, const Tape<T>& tape, const PanelView<T>& x, T* g,
                           PrefetchSchedule<T>* prefetch) const {
  const Range rows = piece_rows(i);
  const Index inputs = this->inputs();
  const PanelView<T> delta = tape.delta.panels();
  prefetch_rows(tape.delta, rows, n);
  gemm<T>(rows.size(), inputs, n, {delta.data + rows.begin * delta.row, delta.row, 1, delta.panel},
          x, g, inputs, nullptr, {}, prefetch);
  if (spec_.bias && last(i)) sum_columns(this->outputs(), n, delta, g + rows.size() * inputs);
}

template class DenseMap<float>;
template class DenseMap<double>;

}  // namespace fastmlp
