#include "fastmlp/nn/shape.hpp"

#include "fastmlp/base/error.hpp"

namespace fastmlp {

Index Shape::size() const {
  Index product = 1;
  for (const Index size : sizes) product = checked_product(product, size, "Network");
  return product;
}

std::string Shape::text() const {
  std::string text;
  for (const Index size : sizes) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return dims() > 1 ? "(" + text + ")" : text;
}

}  // namespace fastmlp
