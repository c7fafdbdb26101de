// What threads cost and compute on this machine, and how many of them a call is worth.
#pragma once

#include "fastmlp/base/types.hpp"

namespace fastmlp {

struct TeamCosts {
  double round_trip;             // seconds of a cache line from one core to another and back
  double start;                  // seconds until a new thread takes part in a round
  double operations_per_second;  // of one thread, in a product of matrices of float
};

// Takes less than a millisecond, or some where the machine is busy.
TeamCosts measure_team_costs();

// Work that comes in rounds with barriers between them, a step or a pass.
struct Work {
  double operations_per_round;
  double rounds = 1;
};

// False for work that is too small for a second thread on every machine.
bool may_pay(const Work& work);
// The threads, at most `available`, that each have a share of a round that is worth its costs; 1
// where the whole work is not worth the start.
int paying_threads(const Work& work, const TeamCosts& costs, int available);

}  // namespace fastmlp
