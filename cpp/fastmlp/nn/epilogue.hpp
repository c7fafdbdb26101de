// Activations as epilogues of products: relu in registers, all others but softmax on rows that were
// just stored. All matrices have one layout, and the pointers refer to the same element of each.
#pragma once

#include "fastmlp/kernels/gemm.hpp"
#include "fastmlp/nn/activation.hpp"

namespace fastmlp {

// The epilogue for phi: `relu` in registers, nothing for the identity, else the row function.
template <class T>
Epilogue<T> epilogue_of(const Activation& phi, const Epilogue<T>& relu,
                        const RowEpilogue<T>* function) {
  if (std::holds_alternative<ReLU>(phi)) return relu;
  if (std::holds_alternative<Identity>(phi)) return {};
  return {false, nullptr, function};
}

// H = phi(A) after a product that computes A; in place where `a` is `h`. With `keeps_slope` A
// becomes phi'(A).
template <class T>
class Activate final : public RowEpilogue<T> {
 public:
  Activate(const Activation& phi, const T* a, T* h, bool keeps_slope = false)
      : phi_(phi), a_(a), h_(h), keeps_slope_(keeps_slope) {}

  Epilogue<T> epilogue() const { return epilogue_of<T>(phi_, {true}, this); }
  void apply(T* a, Index rows, Index cols, Index stride) const override {
    const MatrixView<T> from{a, rows, cols, stride}, to{h_ + (a - a_), rows, cols, stride};
    if (keeps_slope_) return activate_with_slope<T>(phi_, from, to);
    activate<T>(phi_, from, to);
  }

 private:
  const Activation& phi_;
  const T* a_;
  T* h_;
  bool keeps_slope_;
};

// delta = phi'(A) ∘ G after a product that computes G; `has_slope` as for `differentiate`.
template <class T>
class Differentiate final : public RowEpilogue<T> {
 public:
  Differentiate(const Activation& phi, const T* a, const T* h, const T* g, bool has_slope = false)
      : phi_(phi), a_(a), h_(h), g_(g), has_slope_(has_slope) {}

  Epilogue<T> epilogue() const { return epilogue_of<T>(phi_, {false, h_}, this); }
  void apply(T* g, Index rows, Index cols, Index stride) const override {
    const Index offset = g - g_;
    differentiate<T>(phi_, {a_ + offset, rows, cols, stride}, {h_ + offset, rows, cols, stride},
                     {g, rows, cols, stride}, has_slope_);
  }

 private:
  const Activation& phi_;
  const T *a_, *h_, *g_;
  bool has_slope_;
};

}  // namespace fastmlp
