// The members of families as values, so that a loop over them is compiled once.
#pragma once

#include <string>
#include <vector>

#include "fastmlp/base/family.hpp"
#include "fastmlp/nn/activation.hpp"

namespace fastmlp {

// Every member of a family, with its default settings.
template <class Family>
std::vector<Family> members() {
  std::vector<Family> all;
  for_each_member<Family>([&](const auto& member) { all.push_back(member); });
  return all;
}

// Every activation but the one that has functions of a user.
inline std::vector<Activation> activations() {
  std::vector<Activation> all;
  for (const Activation& phi : members<Activation>()) {
    if (!std::holds_alternative<CustomActivation>(phi)) all.push_back(phi);
  }
  return all;
}

template <class Family>
std::string key(const Family& member) {
  return std::visit([](const auto& m) { return std::string(m.key); }, member);
}

}  // namespace fastmlp
