// The qualifier of tables, and the function that reads them where memcpy does not.
#ifndef NET_FLASH
#ifdef __AVR__
#include <avr/pgmspace.h>
#define NET_FLASH PROGMEM
#define NET_COPY(to, from, size) memcpy_P(to, from, size)
#else
#define NET_FLASH
#endif
#endif
#ifndef NET_COPY
#define NET_COPY(to, from, size) memcpy(to, from, size)
#endif

// a b + c, rounded once. Defined as ((a) * (b) + (c)) before the header is included, it is faster on
// processors without such an instruction, and results differ in their last digits.
#ifndef NET_FMA
#if defined(__FP_FAST_FMA$F) || defined(__GLIBC__) || defined(__APPLE__) || defined(_MSC_VER) || \
    (defined(__ARM_FEATURE_FMA) && defined(__ARM_FP) && (__ARM_FP & $bytes))
#define NET_FMA(a, b, c) fma$f(a, b, c)
#elif defined(__SIZEOF_DOUBLE__) && __SIZEOF_DOUBLE__ < 8
#define NET_FMA(a, b, c) ((a) * (b) + (c))
#else  // the libraries of some targets round twice
#define NET_FMA(a, b, c) net_fma_$T(a, b, c)
#endif
#endif
