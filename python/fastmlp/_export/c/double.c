// a b + c, rounded once. Define it as ((a) * (b) + (c)) before the header is included to be faster on
// processors without such an instruction; results then differ in their last digits.
#ifndef NET_FMA
#if defined(__FP_FAST_FMA) || (defined(__ARM_FEATURE_FMA) && defined(__ARM_FP) && (__ARM_FP & 8)) || \
    defined(__GLIBC__) || defined(__APPLE__) || defined(_MSC_VER)
#define NET_FMA(a, b, c) fma(a, b, c)
#elif defined(__SIZEOF_DOUBLE__) && __SIZEOF_DOUBLE__ < 8
#define NET_FMA(a, b, c) ((a) * (b) + (c))
#else  // the libraries of some targets round twice
#define NET_FMA(a, b, c) net_fma_double(a, b, c)
#endif
#endif

#define NET_ROUND 6755399441055744.0  // 1.5 * 2^52: adding it rounds to an integer in the low bits

#define NET_MANTISSA 52

#define NET_BIAS 1023u

#define NET_TINY 0x1p-1022  // the smallest normal number

#define NET_LARGEST 0x1.fffffffffffffp1023

#define NET_EXP_LOW -746.0

#define NET_EXP_HIGH 710.0

#define NET_LN2_HIGH 6.93147180369123816490e-01

#define NET_LN2_LOW 1.90821492927058770002e-10

// (exp(r) - 1 - r) / r^2 on |r| <= ln2 / 2
static const double net_exp_series[] NET_FLASH = {
    1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
    1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};

// (exp(2 s) - 1) / s on |s| <= ln2 / 4
static const double net_expm1_half_series[] NET_FLASH = {
    2.0, 4.0 / 2, 8.0 / 6, 16.0 / 24, 32.0 / 120, 64.0 / 720, 128.0 / 5040, 256.0 / 40320,
    512.0 / 362880, 1024.0 / 3628800, 2048.0 / 39916800, 4096.0 / 479001600, 8192.0 / 6227020800.0};

// atanh(s) / s in powers of s^2
static const double net_atanh_series[] NET_FLASH = {
    1, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
    1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25, 1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33};

// (1 + t) exp(t^2 / 2) Phi(-t) in powers of (t - 4) / (t + 4)
static const double net_tail_series[] NET_FLASH = {
    4.72053206509844667e-1, -9.67034773265253785e-2, 1.39996347244300788e-2,
    2.86003640535058926e-2, -3.21978374283432612e-2, 1.79360974810393238e-2,
    -5.00237858540405508e-3, -2.85623116715999229e-4, 6.9489704019318622e-4,
    -9.44301154801851677e-5, -8.7852749479550913e-5, 2.12494552279693998e-5,
    1.36250251939740466e-5, -3.43069827716607437e-6, -2.60783907980458132e-6,
    4.02427481014322407e-7, 5.4300399206059853e-7, 2.3513362577996062e-9,
    -1.01046445695363609e-7, -1.85385420835633131e-8, 1.14008678657855824e-8,
    4.23785422278937983e-9, 1.55134389059184233e-10};
