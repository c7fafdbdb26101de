// The kinds of fields that members have. Their lists of fields are compiled for this one visitor,
// because code for each pair of a member and a use was 60 KB. A new kind needs a line in both.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "fastmlp/base/family.hpp"
#include "fastmlp/nn/layers.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/line_search.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp::bindings {

using Text = const char*;
using DenseReference = std::shared_ptr<const Dense>;

class FieldVisitor {
 public:
  virtual void operator()(Text name, double&, const Interval&, Text) = 0;
  virtual void operator()(Text name, Index&, const IntegerInterval&, Text) = 0;
  virtual void operator()(Text name, Extent&, const IntegerInterval&, Text) = 0;
  virtual void operator()(Text name, OptionalExtent&, const IntegerInterval&, Text) = 0;
  virtual void operator()(Text name, Padding&, const OneOf&, Text) = 0;
  virtual void operator()(Text name, std::optional<double>&, const Interval&, Text) = 0;
  virtual void operator()(Text name, std::optional<ClipRange>&, Text) = 0;
  virtual void operator()(Text name, bool&, Text) = 0;
  virtual void operator()(Text name, std::string&, const OneOf&, Text) = 0;
  virtual void operator()(Text name, BoolOrString&, const OneOf&, Text) = 0;
  virtual void operator()(Text name, NumberOrWord&, const OneOf&, Text) = 0;
  virtual void operator()(Text name, LearningRate&, const Interval&, Text) = 0;
  virtual void operator()(Text name, std::optional<Polyak>&, Text) = 0;
  virtual void operator()(Text name, Activation&, Text) = 0;
  virtual void operator()(Text name, UserFunction&, Text) = 0;
  virtual void operator()(Text name, std::optional<UserFunction>&, Text) = 0;
  virtual void operator()(Text name, Initializer&, Text) = 0;
  virtual void operator()(Text name, std::optional<Initializer>&, Text) = 0;
  virtual void operator()(Text name, LineSearch&, Text) = 0;
  virtual void operator()(Text name, LayerReference&, Text) = 0;
  virtual void operator()(Text name, DenseReference&, Text) = 0;

 protected:
  ~FieldVisitor() = default;
};

// The visitor that calls f.
template <class F>
class VisitorOf final : public FieldVisitor {
 public:
  explicit VisitorOf(F& f) : f_(f) {}
  void operator()(Text name, double& value, const Interval& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, Index& value, const IntegerInterval& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, Extent& value, const IntegerInterval& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, OptionalExtent& value, const IntegerInterval& bound,
                  Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, Padding& value, const OneOf& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, std::optional<double>& value, const Interval& bound,
                  Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, std::optional<ClipRange>& value, Text text) override {
    f_(name, value, text);
  }
  void operator()(Text name, bool& value, Text text) override { f_(name, value, text); }
  void operator()(Text name, std::string& value, const OneOf& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, BoolOrString& value, const OneOf& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, NumberOrWord& value, const OneOf& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, LearningRate& value, const Interval& bound, Text text) override {
    f_(name, value, bound, text);
  }
  void operator()(Text name, std::optional<Polyak>& value, Text text) override {
    f_(name, value, text);
  }
  void operator()(Text name, Activation& value, Text text) override { f_(name, value, text); }
  void operator()(Text name, UserFunction& value, Text text) override { f_(name, value, text); }
  void operator()(Text name, std::optional<UserFunction>& value, Text text) override {
    f_(name, value, text);
  }
  void operator()(Text name, Initializer& value, Text text) override { f_(name, value, text); }
  void operator()(Text name, std::optional<Initializer>& value, Text text) override {
    f_(name, value, text);
  }
  void operator()(Text name, LineSearch& value, Text text) override { f_(name, value, text); }
  void operator()(Text name, LayerReference& value, Text text) override { f_(name, value, text); }
  void operator()(Text name, DenseReference& value, Text text) override { f_(name, value, text); }

 private:
  F& f_;
};

}  // namespace fastmlp::bindings
