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

// H = phi(A) after a product that computes A; in place where `a` is `h`.
template <class T>
class Activate final : public RowEpilogue<T> {
 public:
  Activate(const Activation& phi, const T* a, T* h) : phi_(phi), a_(a), h_(h) {}

  Epilogue<T> epilogue() const { return epilogue_of<T>(phi_, {true}, this); }
  void apply(T* a, Index rows, Index cols, Index stride) const override {
    activate<T>(phi_, {a, rows, cols, stride}, {h_ + (a - a_), rows, cols, stride});
  }

 private:
  const Activation& phi_;
  const T* a_;
  T* h_;
};

// delta = phi'(A) ∘ G after a product that computes G.
template <class T>
class Differentiate final : public RowEpilogue<T> {
 public:
  Differentiate(const Activation& phi, const T* a, const T* h, const T* g)
      : phi_(phi), a_(a), h_(h), g_(g) {}

  Epilogue<T> epilogue() const { return epilogue_of<T>(phi_, {false, h_}, this); }
  void apply(T* g, Index rows, Index cols, Index stride) const override {
    const Index offset = g - g_;
    differentiate<T>(phi_, {a_ + offset, rows, cols, stride}, {h_ + offset, rows, cols, stride},
                     {g, rows, cols, stride});
  }

 private:
  const Activation& phi_;
  const T *a_, *h_, *g_;
};

}  // namespace fastmlp
