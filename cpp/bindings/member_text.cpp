#include "member_text.hpp"

#include <string_view>

namespace fastmlp::bindings {
namespace {

// "rate : float\n    probability to drop a unit: 0 <= rate < 1.\n"
std::string field_doc(const FieldInfo& field) {
  std::string text = field.name + " : " + field.type;
  if (!field.default_value.empty()) text += ", default " + field.default_value;
  text += "\n    " + field.description;
  if (!field.bounds.empty()) text += ": " + field.bounds;
  return text + ".\n";
}

constexpr auto kRaises =
    "\nRaises\n------\nValueError\n    A number out of its range, or an unknown word.\n"
    "TypeError\n    A value of the wrong kind.\n";

}  // namespace

std::string constructor_signature(const std::vector<FieldInfo>& fields) {
  std::string text = "__init__(self";
  for (const FieldInfo& field : fields) {
    text += ", " + field.name + ": " + field.annotation;
    if (!field.default_value.empty()) text += " = " + field.default_value;
  }
  return text + ") -> None";
}

std::string property_signature(const FieldInfo& field) {
  constexpr std::string_view kName = "str | ";
  const bool named = field.held.rfind(kName, 0) == 0;
  return field.name + "(self) -> " + field.held.substr(named ? kName.size() : 0);
}

std::string member_doc(const char* class_name, const char* formula, const MemberText& notes,
                       const std::vector<FieldInfo>& fields) {
  std::string call, parameters;
  for (const FieldInfo& field : fields) {
    call += (call.empty() ? "" : ", ") + field.name;
    if (!field.default_value.empty()) call += "=" + field.default_value;
    parameters += field_doc(field);
  }
  std::string text = std::string(class_name) + "(" + call + ")\n\n" + formula;
  text += fields.empty() ? "\n" : "\n\nParameters\n----------\n" + parameters + kRaises;
  if (!notes.cost.empty()) text += "\nNotes\n-----\nCost: " + notes.cost + ".\n";
  if (!notes.example.empty()) {
    text += "\nExamples\n--------\n>>> import fastmlp as fm\n" + notes.example + "\n";
  }
  return text;
}

}  // namespace fastmlp::bindings
