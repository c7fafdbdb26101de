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
static const double net_exp_series[]$flash = {
    1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
    1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};

// (exp(2 s) - 1) / s on |s| <= ln2 / 4
static const double net_expm1_half_series[]$flash = {
    2.0, 4.0 / 2, 8.0 / 6, 16.0 / 24, 32.0 / 120, 64.0 / 720, 128.0 / 5040, 256.0 / 40320,
    512.0 / 362880, 1024.0 / 3628800, 2048.0 / 39916800, 4096.0 / 479001600, 8192.0 / 6227020800.0};

// atanh(s) / s in powers of s^2
static const double net_atanh_series[]$flash = {
    1, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
    1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25, 1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33};

// (1 + t) exp(t^2 / 2) Phi(-t) in powers of (t - 4) / (t + 4)
static const double net_tail_series[]$flash = {
    4.72053206509844667e-1, -9.67034773265253785e-2, 1.39996347244300788e-2,
    2.86003640535058926e-2, -3.21978374283432612e-2, 1.79360974810393238e-2,
    -5.00237858540405508e-3, -2.85623116715999229e-4, 6.9489704019318622e-4,
    -9.44301154801851677e-5, -8.7852749479550913e-5, 2.12494552279693998e-5,
    1.36250251939740466e-5, -3.43069827716607437e-6, -2.60783907980458132e-6,
    4.02427481014322407e-7, 5.4300399206059853e-7, 2.3513362577996062e-9,
    -1.01046445695363609e-7, -1.85385420835633131e-8, 1.14008678657855824e-8,
    4.23785422278937983e-9, 1.55134389059184233e-10};

#define NET_SIN_LIMIT 1.6e6

#define NET_HALF_PI_PARTS 4

// pi/2 in parts of 33 bits, and the rest
static const double net_half_pi[]$flash = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69,
                                           0x1.b839a252049c1p-104};

// (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in powers of r^2
static const double net_sin_series[]$flash = {
    -1.66666666666666646e-1, 8.33333333333094729e-3, -1.98412698367567725e-4,
    2.75573161016178744e-6, -2.50511316502351815e-8, 1.59181152632659752e-10};

static const double net_cos_series[]$flash = {
    4.16666666666666654e-2, -1.38888888888873965e-3, 2.48015872987645608e-5,
    -2.7557317271145146e-7, 2.08761461465586116e-9, -1.13826236474746046e-11};
