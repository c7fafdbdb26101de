// One visit of the state of a run: every vector, scalar and counter that determines how it
// continues, by section and name. Views, copies, pickles and files are visitors.
#pragma once

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/family.hpp"
#include "fastmlp/optim/half_vector.hpp"

namespace fastmlp {

inline constexpr Index kMaxIndex = std::numeric_limits<Index>::max();

template <class T>
class StateVisitor {
 public:
  virtual ~StateVisitor() = default;
  // Begins the section of the entries that follow.
  virtual void section(const char* name) = 0;
  // A vector of fixed size, filled in place.
  virtual void vector(const char* name, Buffer<T>& values) = 0;
  // The same of one in bfloat16: by default through a copy, whose numbers come back as they are.
  virtual void half_vector(const char* name, HalfVector& values) {
    const Range all{0, values.size()};
    Buffer<T> copy(values.size());
    values.read(all, copy.data());
    vector(name, copy);
    values.write(all, copy.data());
  }
  // The same as `vector` where it is present; a visitor that fills it may change that.
  virtual void optional_vector(const char* name, Buffer<T>& values, bool& present) = 0;
  // Without a bound the scalar may be any double, nan included.
  virtual void scalar(const char* name, double& value, const Interval* bound = nullptr) = 0;
  // 0 <= value <= max
  virtual void counter(const char* name, Index& value, Index max = kMaxIndex) = 0;
};

}  // namespace fastmlp
