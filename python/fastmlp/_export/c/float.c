#define NET_ROUND 12582912.0f  // 1.5 * 2^23: adding it rounds to an integer in the low bits

#define NET_MANTISSA 23

#define NET_BIAS 127u

#define NET_TINY 0x1p-126f  // the smallest normal number

#define NET_LARGEST 0x1.fffffep127f

#define NET_EXP_LOW -104.0f

#define NET_EXP_HIGH 89.0f

#define NET_LN2_HIGH 0.693359375f

#define NET_LN2_LOW ((float)-2.12194440e-4)

// (exp(r) - 1 - r) / r^2 on |r| <= ln2 / 2
static const float net_exp_series[]$flash = {
    5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2,
    8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4};

// (exp(2 s) - 1) / s on |s| <= ln2 / 4
static const float net_expm1_half_series[]$flash = {
    2, 2, 1.33332388144, 6.66669671934e-1, 2.67714149614e-1, 8.89486956893e-2};

// atanh(s) / s in powers of s^2
static const float net_atanh_series[]$flash = {
    1, 1.0 / 3, 1.0 / 5, 1.0 / 7,
    1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15};

// (1 + t) exp(t^2 / 2) Phi(-t) in powers of (t - 4) / (t + 4)
static const float net_tail_series[]$flash = {
    4.720532064e-1, -9.6703467981e-2, 1.3999636593e-2, 2.8600032795e-2,
    -3.2197815354e-2, 1.7939449482e-2, -5.0021408532e-3, -2.9991876127e-4,
    6.9084485557e-4, -6.6737184924e-5, -7.4374544168e-5};

#define NET_SIN_LIMIT 12000.0f

#define NET_HALF_PI_PARTS 6

// pi/2 in parts of 11 bits, and the rest
static const float net_half_pi[]$flash = {0x1.92p+0f,  0x1.fb4p-12f, 0x1.444p-24f,
                                          0x1.68cp-39f, 0x1.1a4p-54f, 0x1.13198ap-65f};

// (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in powers of r^2
static const float net_sin_series[]$flash = {-1.66666646617e-1, 8.33274815409e-3, -1.95878657021e-4};

static const float net_cos_series[]$flash = {4.16666646589e-2, -1.38883029191e-3, 2.45479168537e-5};
