// Copies of the state that visit_state visits, to compare and to restore it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fastmlp/optim/state_visitor.hpp"
#include "testing.hpp"

namespace fastmlp {

using State = std::map<std::string, std::vector<double>>;  // "section.name": its numbers

template <class T>
class StateSnapshot final : public StateVisitor<T> {
 public:
  void section(const char* name) override { section_ = name; }
  void vector(const char* name, Buffer<T>& values) override {
    state[key(name)] = {values.data(), values.data() + values.size()};
  }
  void optional_vector(const char* name, Buffer<T>& values, bool& present) override {
    if (present) return vector(name, values);
    state[key(name)] = {};
  }
  void scalar(const char* name, double& value, const Interval*) override {
    state[key(name)] = {value};
  }
  void counter(const char* name, Index& value, Index) override {
    state[key(name)] = {static_cast<double>(value)};
  }
  State state;

 private:
  std::string key(const char* name) const {
    const std::string result = section_ + "." + name;
    CHECK(state.count(result) == 0);
    return result;
  }
  std::string section_;
};

template <class T>
class StateRestorer final : public StateVisitor<T> {
 public:
  explicit StateRestorer(State state) : state_(std::move(state)) {}
  void section(const char* name) override { section_ = name; }
  void vector(const char* name, Buffer<T>& values) override {
    const std::vector<double>& from = find(name);
    REQUIRE(static_cast<Index>(from.size()) == values.size());
    for (Index i = 0; i < values.size(); ++i) {
      values[i] = static_cast<T>(from[static_cast<std::size_t>(i)]);
    }
  }
  void optional_vector(const char* name, Buffer<T>& values, bool& present) override {
    present = !find(name).empty();
    if (present) vector(name, values);
  }
  void scalar(const char* name, double& value, const Interval* bound) override {
    value = find(name).at(0);
    CHECK((!bound || bound->contains(value)));
  }
  void counter(const char* name, Index& value, Index max) override {
    value = static_cast<Index>(find(name).at(0));
    CHECK(value <= max);
  }

 private:
  const std::vector<double>& find(const char* name) const {
    return state_.at(section_ + "." + name);
  }
  State state_;
  std::string section_;
};

template <class T, class Visited>
State state_of(Visited& visited) {
  StateSnapshot<T> snapshot;
  visited.visit_state(snapshot);
  return snapshot.state;
}

}  // namespace fastmlp
