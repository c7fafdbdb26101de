// Constants of threads and clocks. Those of caches and registers are in kernels/tuning.hpp.
#pragma once

#include <chrono>

namespace fastmlp {

// Interval of interrupt checks: short for a user who presses Ctrl-C, and rare, because a check
// takes Python's GIL.
constexpr std::chrono::milliseconds kInterruptInterval{20};

// Operations after which a team of one reads the clock: some ten microseconds of work.
constexpr double kOperationsPerPoll = 1e6;

// Turns of a waiting thread that pause the core, then that yield it, before it sleeps for
// kBackoffSleep. Rounds of one step follow each other within the first, callbacks do not.
constexpr int kPauseTurns = 2000;
constexpr int kYieldTurns = 2000;
constexpr std::chrono::microseconds kBackoffSleep{20};

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

// Operations of a round, and of a call, from which threads are used. Measured: a round is worth its
// barriers from about 600 000 operations on; starting and joining threads takes the time of about
// ten million, more on a busy machine.
constexpr double kMinOperationsPerRound = 6e5;
constexpr double kMinOperationsPerCall = 1e8;

// Rounds that ThreadTuner times per candidate: the fastest of three survives an interruption.
constexpr int kTrialRounds = 3;
// Rounds for which its choice is kept. They double while the choice repeats, so trials become rare.
constexpr int kMinKeptRounds = 32;
constexpr int kMaxKeptRounds = 1024;
// A single thread is chosen below this ratio of times only: elsewhere the team is no slower.
constexpr double kSingleThreadRatio = 0.97;

}  // namespace fastmlp
