// Activations as epilogues of products: relu in their registers, the others, softmax excepted, on
// the rows just made. The matrices have one layout, and the pointers are to the same place of each.
#pragma once

#include "fastmlp/kernels/gemm.hpp"
#include "fastmlp/nn/activation.hpp"

namespace fastmlp {

// What a product does for phi: `relu` where that is in registers, nothing for the identity, else
// the function.
template <class T>
Epilogue<T> epilogue_of(const Activation& phi, const Epilogue<T>& relu,
                        const RowEpilogue<T>* function) {
  if (std::holds_alternative<ReLU>(phi)) return relu;
  if (std::holds_alternative<Identity>(phi)) return {};
  return {false, nullptr, function};
}

// H = phi(A) for a product that makes A, or where `a` is `h`, H in its place.
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

// delta = phi'(A) ∘ G for a product that makes G.
template <class T>
class Differentiate final : public RowEpilogue<T> {
 public:
  Differentiate(const Activation& phi, const T* a, const T* h, const T* g)
      : phi_(phi), a_(a), h_(h), g_(g) {}

  Epilogue<T> epilogue() const { return epilogue_of<T>(phi_, {false, h_}, this); }
  void apply(T* g, Index rows, Index cols, Index stride) const override {
    const Index place = g - g_;
    differentiate<T>(phi_, {a_ + place, rows, cols, stride}, {h_ + place, rows, cols, stride},
                     {g, rows, cols, stride});
  }

 private:
  const Activation& phi_;
  const T *a_, *h_, *g_;
};

}  // namespace fastmlp
