// Run while CMake configures, to build for the machine at hand.
#include "level.hpp"

int main() { return fastmlp::cpu_level(); }
