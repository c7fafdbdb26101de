// Run while CMake configures, to build for the present machine.
#include "level.hpp"

int main() { return fastmlp::cpu_level(); }
