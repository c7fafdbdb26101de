// The parameters and the state of the optimizer at one moment of a run, to which it may return.
#pragma once

#include <string_view>
#include <vector>

#include "fastmlp/base/error.hpp"
#include "fastmlp/optim/state_visitor.hpp"

namespace fastmlp {

// Counters of epochs and samples are not part of it, because they are positions of the random
// numbers, none of which is drawn twice. After the first `take` nothing is allocated.
template <class T>
class Snapshot {
 public:
  template <class Visited>
  void take(const T* w, Index size, Visited& visited) {
    if (w_.size() != size) w_ = Buffer<T>(size);
    std::copy_n(w, size, w_.data());
    Copier copier(*this, false);
    visited.visit_state(copier);
  }
  template <class Visited>
  void restore(T* w, Index size, Visited& visited) {
    require(w_.size() == size, "Snapshot: expected one of this run");
    std::copy_n(w_.data(), size, w);
    Copier copier(*this, true);
    visited.visit_state(copier);
  }

 private:
  // Copies entry after entry into the snapshot, or back.
  class Copier final : public StateVisitor<T> {
   public:
    Copier(Snapshot& snapshot, bool back) : snapshot_(snapshot), back_(back) {}
    void section(const char* name) override { of_optimizer_ = std::string_view(name) != "trainer"; }
    void vector(const char*, Buffer<T>& values) override {
      copy_vector(entry(snapshot_.vectors_, vectors_++), values);
    }
    void half_vector(const char*, HalfVector& values) override {
      copy_vector(entry(snapshot_.halves_, halves_++), values);
    }
    void optional_vector(const char* name, Buffer<T>& values, bool& present) override {
      Index kept = present;
      copy(entry(snapshot_.counters_, counters_++), kept);
      present = kept != 0;
      if (present) return vector(name, values);
      entry(snapshot_.vectors_, vectors_++);
    }
    void scalar(const char*, double& value, const Interval*) override {
      copy(entry(snapshot_.scalars_, scalars_++), value);
    }
    void counter(const char*, Index& value, Index) override {
      if (of_optimizer_) copy(entry(snapshot_.counters_, counters_++), value);
    }

   private:
    template <class Value>
    static Value& entry(std::vector<Value>& entries, std::size_t index) {
      if (index == entries.size()) entries.emplace_back();
      return entries[index];
    }
    template <class Vector>
    void copy_vector(Vector& kept, Vector& values) const {
      if (!back_ && kept.size() != values.size()) kept = Vector(values.size());
      const Vector& from = back_ ? kept : values;
      std::copy_n(from.data(), from.size(), (back_ ? values : kept).data());
    }
    template <class Value>
    void copy(Value& kept, Value& value) const {
      (back_ ? value : kept) = back_ ? kept : value;
    }

    Snapshot& snapshot_;
    bool back_, of_optimizer_ = true;
    std::size_t vectors_ = 0, halves_ = 0, scalars_ = 0, counters_ = 0;
  };

  Buffer<T> w_;
  std::vector<Buffer<T>> vectors_;
  std::vector<HalfVector> halves_;
  std::vector<double> scalars_;
  std::vector<Index> counters_;
};

}  // namespace fastmlp
