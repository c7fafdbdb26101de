// Constants of threads and clocks. Those of caches and registers are in kernels/tuning.hpp.
#pragma once

#include <chrono>

namespace fastmlp {

// Interval of interrupt checks: short for a user who presses Ctrl-C, and rare, because a check
// takes Python's GIL.
constexpr std::chrono::milliseconds kInterruptInterval{20};

// Operations after which a team of one reads the clock: some ten microseconds of work.
constexpr double kOperationsPerPoll = 1e6;

// A waiting thread first pauses its core for these turns, some ten microseconds, then yields it, so
// that other processes run. A worker yields for kSpinTime, in which the next round of a step
// follows, or the next call of a loop over steps, and then sleeps. A caller yields for these turns
// and then sleeps between looks at its workers: the system moves one that waits for a busy core to
// a core that sleeps.
constexpr int kPauseTurns = 1000;
constexpr int kYieldTurns = 200;
constexpr std::chrono::microseconds kSpinTime{50};
constexpr std::chrono::microseconds kWaitSleep{20};

// Time after which threads end that no call has used: starting them takes a thousandth of it.
constexpr std::chrono::milliseconds kIdleTime{100};

// Operations of a call from which it releases Python's GIL: below a few microseconds the release
// takes as long as what it gains.
constexpr double kMinOperationsWithoutGil = 1e5;

// Elements that a member of a family computes between two polls when it is called on an array, and
// about the operations of one.
constexpr int kMemberElements = 1 << 16;
constexpr double kMemberOperations = 20;

// Operations of a chunk of a large batch up to which threads take whole chunks.
constexpr double kMaxLaneOperations = 5e7;

// Seconds after which Trainer::epochs returns, so that the caller can show its progress.
constexpr double kReturnInterval = 0.05;

// Interval at which a long epoch says how far it is.
constexpr std::chrono::milliseconds kProgressInterval{100};

// Operations of a round, and of a call, below which threads pay on no machine, so that costs need
// not be measured.
constexpr double kMinOperationsPerRound = 3e5;
constexpr double kMinOperationsPerCall = 3e6;

// Work of a round of a thread, in round trips of a cache line between cores, from which it gains
// more than its barriers and the lines that move cost. Measured: two threads break even at 6 us of
// work where a round trip takes 62 ns, and at 26 us where it takes 130 ns; in between ThreadTuner
// finds out.
constexpr double kRoundTripsPerThread = 60;
// Work of a call, in starts of a thread, from which it gains more than the start costs.
constexpr double kStartsPerCall = 2;

// Rounds of a trial of ThreadTuner, of which the slowest is left out because of interruptions. It
// goes on while the trial wins, until that has lasted for kTrialSeconds, in which other processes
// have had their turns.
constexpr int kTrialRounds = 4;
constexpr double kTrialSeconds = 0.025;
// A choice is kept for so many rounds. They double while it is confirmed, so trials become rare.
constexpr int kMinKeptRounds = 32;
constexpr int kMaxKeptRounds = 1024;
// Time before the next trial, in what the last one has cost.
constexpr double kTimePerTrialCost = 20;
// One thread may become the slower choice without a change of its own time, so it is kept for some
// seconds at most.
constexpr double kMaxSingleSeconds = 1;
// Ratio of times below which another choice is better, and above which a trial has lost at once.
constexpr double kBetterRatio = 0.97;
constexpr double kLostRatio = 1.1;
// Change of the present choice's time that says that the machine is another.
constexpr double kChangeRatio = 1.25;

}  // namespace fastmlp
