/* Client requests of callgrind, called from Python: instructions are counted between the two. */
#include <valgrind/callgrind.h>

void start_counting(void) {
  CALLGRIND_ZERO_STATS;
  CALLGRIND_START_INSTRUMENTATION;
}

void stop_counting(const char *name) {
  CALLGRIND_STOP_INSTRUMENTATION;
  CALLGRIND_DUMP_STATS_AT(name);
}
