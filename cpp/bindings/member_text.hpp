// What Python shows of a member: its documentation, and the signatures in the stubs.
#pragma once

#include <string>
#include <vector>

#include "fields.hpp"

namespace fastmlp::bindings {

// The numpydoc text: the call, the formula, parameters, errors, cost and a running example.
std::string member_doc(const char* class_name, const char* formula, const MemberText& text,
                       const std::vector<FieldInfo>& fields);

// "__init__(self, learning_rate: float = 0.001) -> None"
std::string constructor_signature(const std::vector<FieldInfo>& fields);

// "beta1(self) -> float"
std::string property_signature(const FieldInfo& field);

}  // namespace fastmlp::bindings
