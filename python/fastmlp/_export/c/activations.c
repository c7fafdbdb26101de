// a + b, of two neighbouring numbers the one with an odd last digit where that is not exact
// (Boldo & Melquiond 2008).
static inline double net_odd_sum(double a, double b) {
  double sum = a + b;
  const double back = sum - a, error = (a - (sum - back)) + (b - back);
  uint64_t digits;
  memcpy(&digits, &sum, sizeof sum);
  if ((error > 0 || error < 0) && !(digits & 1)) {
    digits += (error > 0) == (sum > 0) ? 1u : ~(uint64_t)0;
    memcpy(&sum, &digits, sizeof sum);
  }
  return sum;
}

// a b + c, rounded once: the product is exact in double.
static inline float net_fma_float(float a, float b, float c) {
  return (float)net_odd_sum((double)a * b, c);
}

// a b + c, rounded once (Boldo & Melquiond 2008); the product as a sum of two numbers (Dekker 1971).
static inline double net_fma_double(double a, double b, double c) {
  const double split = 134217729.0, a_split = a * split, b_split = b * split;
  const double a1 = a_split - (a_split - a), a2 = a - a1, b1 = b_split - (b_split - b), b2 = b - b1;
  const double high = a * b, low = ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2;
  const double t = c + low, t_back = t - c, t_low = (c - (t - t_back)) + (low - t_back);
  const double v = high + t, v_back = v - high, v_low = (high - (v - v_back)) + (t - v_back);
  const double result = v + net_odd_sum(t_low, v_low);
  return result == result ? result : high + c;
}

static inline $T net_read(const $T *from) { $read }

// x, or 0 for numbers smaller than all normal ones.
static inline $T net_flush($T x) { return x < NET_TINY && x > -NET_TINY ? x * 0 : x; }

static inline $U net_bits($T x) {
  $U bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline $T net_from_bits($U bits) {
  $T x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline $T net_abs($T x) { return net_from_bits(net_bits(x) & ~net_bits(-($T)0)); }

static inline $T net_at_least($T low, $T x) { return low > x ? low : x; }

static inline $T net_at_most($T high, $T x) { return high < x ? high : x; }

static inline $T net_finite($T x) { return net_at_most(NET_LARGEST, net_at_least(-NET_LARGEST, x)); }

// c[0] + c[1] x + c[2] x^2 + ...
static inline $T net_polynomial($T x, const $T *c, long n) {
  $T sum = net_read(c + --n);
  while (n-- > 0) sum = NET_FMA(sum, x, net_read(c + n));
  return sum;
}

#define NET_SERIES(x, c) net_polynomial(x, c, (long)(sizeof c / sizeof *c))

// 2^n
static inline $T net_power_of_two($U n) { return net_from_bits((n + NET_BIAS) << NET_MANTISSA); }

// x = n ln2 + r: n and exp(r) - 1
static inline $T net_reduce_exp($T x, $U *n) {
  const $T shifted = NET_FMA(x, ($T)1.4426950408889634, NET_ROUND), turns = shifted - NET_ROUND;
  const $T r = NET_FMA(-turns, NET_LN2_LOW, NET_FMA(-turns, NET_LN2_HIGH, x));
  *n = net_bits(shifted) - net_bits(NET_ROUND);
  return NET_FMA(r * r, NET_SERIES(r, net_exp_series), r);
}

static inline $T net_exp($T x) {
  $U n, half;
  const $T q = net_reduce_exp(net_at_most(NET_EXP_HIGH, net_at_least(NET_EXP_LOW, x)), &n);
  half = (n >> 1) | (n & net_bits(-($T)0));
  return net_flush((q + 1) * net_power_of_two(half) * net_power_of_two(n - half));
}

// exp(x) - 1 for x <= 0
static inline $T net_expm1_negative($T x) {
  $U n;
  const $T q = net_reduce_exp(net_at_least(-80, x), &n), scale = net_power_of_two(n);
  return NET_FMA(q, scale, scale - 1);
}

// exp(-t^2 / 2), t >= 0; the square of the upper half of its digits is exact.
static inline $T net_exp_half_square($T t) {
  const int lower = (NET_MANTISSA + 2) / 2;
  const $T half = -($T)0.5, u = net_from_bits((net_bits(t) >> lower) << lower);
  const $T r = half * (t - u) * (t + u), e = net_exp(half * u * u);
  const $T c3 = NET_FMA(($T)(1.0 / 24), r, ($T)(1.0 / 6));
  return NET_FMA(e, r * NET_FMA(NET_FMA(c3, r, ($T)0.5), r, 1), e);
}

// The standard normal distribution function.
static inline $T net_normal_cdf($T x) {
  const $T t = net_at_most(40, net_abs(x));
  const $T slow = NET_SERIES((t - 4) / (t + 4), net_tail_series) / (1 + t);
  const $T tail = net_flush(slow * net_exp_half_square(t));
  return x > 0 ? 1 - tail : tail;
}

static inline $T net_normal_pdf($T x) {
  return ($T)0.3989422804014327 * net_exp_half_square(net_at_most(40, net_abs(x)));
}

static inline $T net_sign($T a, int straight_through) {
  (void)straight_through;
  return a > 0 ? 1 : a < 0 ? -1 : a;
}

static inline $T net_sign_slope($T a, $T h, int straight_through) {
  (void)h;
  return a == a ? ($T)(straight_through && net_abs(a) < 1) : a;
}

static inline $T net_sigmoid($T a) {
  const $T e = net_exp(-net_abs(a));
  return (a < 0 ? e : 1) / (1 + e);
}

static inline $T net_sigmoid_slope($T a, $T h) {
  (void)a;
  return h * (1 - h);
}

static inline $T net_tanh($T a) {
  const $T y = net_at_most(20, net_abs(a));
  const $T shifted = NET_FMA(y, ($T)(-2 * 1.4426950408889634), NET_ROUND);
  const $T s = NET_FMA(shifted - NET_ROUND, ($T)-0.34657359027997264, -y);
  const $T scale = net_power_of_two(net_bits(shifted) - net_bits(NET_ROUND));
  const $T e = NET_FMA(-scale, s * NET_SERIES(s, net_expm1_half_series), 1 - scale);
  return net_from_bits(net_bits(e / (2 - e)) | (net_bits(a) & net_bits(-($T)0)));
}

static inline $T net_tanh_slope($T a, $T h) {
  (void)a;
  return NET_FMA(-h, h, 1);
}

static inline $T net_relu($T a) { return a <= 0 ? 0 : a; }

static inline $T net_relu_slope($T a, $T h) {
  (void)a;
  return h > 0 ? 1 : h;
}

static inline $T net_hard_tanh($T a) { return net_at_most(1, net_at_least(-1, a)); }

static inline $T net_hard_tanh_slope($T a, $T h) {
  (void)a;
  return h == h ? ($T)(net_abs(h) < 1) : h;
}

static inline $T net_leaky_relu($T a, $T slope) {
  return a > 0 ? a : slope == 0 ? (a == a ? 0 : a) : a * slope;
}

static inline $T net_leaky_relu_slope($T a, $T h, $T slope) {
  (void)a;
  return h > 0 ? 1 : h == h ? slope : h;
}

static inline $T net_elu($T a, $T alpha) {
  return a > 0 ? a : alpha * net_expm1_negative(net_at_most(0, a));
}

static inline $T net_elu_slope($T a, $T h, $T alpha) {
  (void)a;
  return h > 0 ? 1 : h + alpha;
}

static inline $T net_selu($T a) {
  return ($T)1.0507009873554804934193349852946 *
         net_elu(a, ($T)1.6732632423543772848170429916717);
}

static inline $T net_selu_slope($T a, $T h) {
  const double scale = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
  (void)a;
  return h > 0 ? ($T)scale : h + ($T)(scale * alpha);
}

// log(1 + u) = 2 atanh(s), s = u / (u + 2), with u = exp(-|a|)
static inline $T net_softplus($T a) {
  const $T u = net_exp(-net_abs(a)), s = net_flush(u / (u + 2));
  return NET_FMA(2 * s, NET_SERIES(s * s, net_atanh_series), a < 0 ? 0 : a);
}

static inline $T net_softplus_slope($T a, $T h) {
  (void)h;
  return net_sigmoid(a);
}

static inline $T net_silu($T a) { return net_at_least(-1000, a) * net_sigmoid(a); }

static inline $T net_silu_slope($T a, $T h) {
  const $T x = net_at_most(1000, net_at_least(-1000, a));
  (void)h;
  return net_sigmoid(x) * NET_FMA(x, net_sigmoid(-x), 1);
}

static inline $T net_gelu($T a) { return net_at_least(-40, a) * net_normal_cdf(a); }

static inline $T net_gelu_slope($T a, $T h) {
  const $T x = net_at_most(40, net_at_least(-40, a));
  (void)h;
  return NET_FMA(x, net_normal_pdf(x), net_normal_cdf(x));
}

// n = e (e + 2) with e = exp(a): tanh(log(1 + e)) = n / (n + 2)
static inline $T net_mish_gate($T a, $T *n) {
  const $T e = net_exp(net_at_most(40, a));
  *n = e * (e + 2);
  return net_flush(*n / (*n + 2));
}

static inline $T net_mish($T a) {
  $T n;
  return net_at_least(-1000, a) * net_mish_gate(a, &n);
}

static inline $T net_mish_slope($T a, $T h) {
  const $T x = net_at_most(1000, net_at_least(-1000, a));
  $T n;
  const $T t = net_mish_gate(x, &n);
  (void)h;
  return NET_FMA(x * net_sigmoid(x) * (1 + t), 2 / (n + 2), t);
}

static inline $T net_hard_sigmoid($T a) {
  return net_at_most(1, net_at_least(0, NET_FMA(a, ($T)(1.0 / 6), ($T)0.5)));
}

static inline $T net_hard_sigmoid_slope($T a, $T h) {
  (void)h;
  return a == a ? (net_abs(a) < 3 ? ($T)(1.0 / 6) : 0) : a;
}

static inline $T net_exponential($T a) { return net_exp(a); }

static inline $T net_exponential_slope($T a, $T h) {
  (void)a;
  return h;
}

static inline $T net_softsign($T a) {
  const $T x = net_finite(a);
  return x / (1 + net_abs(x));
}

static inline $T net_softsign_slope($T a, $T h) {
  const $T s = 1 / (1 + net_abs(a));
  (void)h;
  return net_flush(s * s);
}

// sin(x + turns pi/2) for turns 0 and 1: x = n pi/2 + r, |r| <= pi/4 (Cody & Waite 1980)
static inline $T net_turned_sine($T x, int turns) {
  const $T shifted = NET_FMA(x, ($T)0.63661977236758134, NET_ROUND), n = shifted - NET_ROUND;
  $T r = x, z, rest, value;
  $U quarter;
  int i;
  if (!(net_abs(x) <= NET_SIN_LIMIT)) return ($T)(turns ? cos((double)x) : sin((double)x));
  for (i = 0; i < NET_HALF_PI_PARTS; ++i) r = NET_FMA(-n, net_read(net_half_pi + i), r);
  z = r * r;
  rest = 1 - ($T)0.5 * z;
  quarter = net_bits(shifted) - net_bits(NET_ROUND) + ($U)turns;
  if (quarter & 1)
    value = rest + NET_FMA(z * z, NET_SERIES(z, net_cos_series), (1 - rest) - ($T)0.5 * z);
  else
    value = NET_FMA(r * z, NET_SERIES(z, net_sin_series), r);
  return quarter & 2 ? -value : value;
}

static inline $T net_sine($T a, $T omega) { return net_turned_sine(omega * a, 0); }

static inline $T net_sine_slope($T a, $T h, $T omega) {
  (void)h;
  return omega * net_turned_sine(omega * a, 1);
}
