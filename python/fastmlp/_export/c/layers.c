// W, row by row
typedef $matrix;

static inline $Q net_read_q(const $Q *from) { $read_q }

// The weight at an index of the table, in some row of W.
static inline $T net_weight(net_matrix w, long row, long index) { $weight }

// Softmax of each group of n units, the largest of which is subtracted.
static inline void net_softmax($T *h, long size, long n) {
  for ($T *end = h + size; h < end; h += n) {
    $T top = net_finite(h[0]), total = 0;
    for (long i = 1; i < n; ++i) {
      const $T a = net_finite(h[i]);
      top = a > top ? a : top;
    }
    for (long i = 0; i < n; ++i) total += h[i] = net_exp(net_finite(h[i]) - top);
    for (long i = 0; i < n; ++i) h[i] = net_flush(h[i] / total);
  }
}

// Its derivative along d: h (d - h d).
static inline void net_softmax_tangent(const $T *h, $T *d, long size, long n) {
  for (const $T *end = h + size; h < end; h += n, d += n) {
    $T dot = 0;
    for (long i = 0; i < n; ++i) dot = NET_FMA(d[i], h[i], dot);
    for (long i = 0; i < n; ++i) d[i] = h[i] * (d[i] - dot);
  }
}

// a = b + W x for some rows and columns of W, or a += W x; `width` is that of a whole row. Where
// there are four rows they are computed together, because none of their sums waits for another.
static inline void net_affine(net_matrix w, long row, long rows, long width, long column,
                              long columns, const $T *b, const $T *x, int add, $T *a) {
  for (long j = 0, n; j < rows; j += n) {
    const long at = row + j, first = at * width + column;
    $T s0 = b ? net_read(b + j) : 0, s1 = 0, s2 = 0, s3 = 0;
    n = j + 4 <= rows ? 4 : 1;
    if (b && n == 4) s1 = net_read(b + j + 1), s2 = net_read(b + j + 2), s3 = net_read(b + j + 3);
    for (long k = 0; k < columns; ++k) {
      s0 = NET_FMA(net_weight(w, at, first + k), x[k], s0);
      if (n == 1) continue;
      s1 = NET_FMA(net_weight(w, at + 1, first + width + k), x[k], s1);
      s2 = NET_FMA(net_weight(w, at + 2, first + 2 * width + k), x[k], s2);
      s3 = NET_FMA(net_weight(w, at + 3, first + 3 * width + k), x[k], s3);
    }
    a[j] = net_flush(add ? a[j] + s0 : s0);
    if (n == 1) continue;
    a[j + 1] = net_flush(add ? a[j + 1] + s1 : s1);
    a[j + 2] = net_flush(add ? a[j + 2] + s2 : s2);
    a[j + 3] = net_flush(add ? a[j + 3] + s3 : s3);
  }
}

// a = b + transposed W times x, W (rows, columns)
static inline void net_affine_transposed(net_matrix w, long rows, long columns, const $T *b,
                                         const $T *x, $T *a) {
  for (long j = 0; j < columns; ++j) {
    $T sum = b ? net_read(b + j) : 0;
    for (long k = 0; k < rows; ++k) sum = NET_FMA(net_weight(w, k, k * columns + j), x[k], sum);
    a[j] = net_flush(sum);
  }
}

// A window that slides over positions, along two axes; of sequences the first has one position.
typedef struct {
  long input, output, kernel, stride, dilation, padding;
} net_axis;

// The input position of a tap, negative outside of the input.
static inline long net_tap(const net_axis *axis, long output, long tap) {
  const long at = output * axis->stride + tap * axis->dilation - axis->padding;
  return at < axis->input ? at : -1;
}

// The position that a tap of the window reads for an output, or -1 outside of the input.
static inline long net_position(const net_axis axes[2], long output, long tap) {
  const long y = net_tap(axes, output / axes[1].output, tap / axes[1].kernel);
  const long x = net_tap(axes + 1, output % axes[1].output, tap % axes[1].kernel);
  return y < 0 || x < 0 ? -1 : y * axes[1].input + x;
}

static inline void net_convolution(net_matrix w, const $T *b, const net_axis axes[2], long channels,
                                   long filters, const $T *x, $T *a) {
  const long taps = axes[0].kernel * axes[1].kernel, outputs = axes[0].output * axes[1].output;
  for (long p = 0; p < outputs; ++p) {
    for (long f = 0; f < filters; ++f) {
      $T sum = b ? net_read(b + f) : 0;
      for (long k = 0; k < taps; ++k) {
        const long at = net_position(axes, p, k);
        if (at < 0) continue;
        for (long c = 0; c < channels; ++c) {
          const $T weight = net_weight(w, f, (f * taps + k) * channels + c);
          sum = NET_FMA(weight, x[at * channels + c], sum);
        }
      }
      *a++ = net_flush(sum);
    }
  }
}

static inline void net_average_pool(const net_axis axes[2], long channels, const $T *x, $T *a) {
  const long taps = axes[0].kernel * axes[1].kernel, outputs = axes[0].output * axes[1].output;
  for (long p = 0; p < outputs; ++p) {
    for (long c = 0; c < channels; ++c) {
      $T sum = 0;
      long count = 0;
      for (long k = 0; k < taps; ++k) {
        const long at = net_position(axes, p, k);
        if (at < 0) continue;
        sum += x[at * channels + c];
        ++count;
      }
      *a++ = net_flush(1 / ($T)count * sum);
    }
  }
}

// The maxima of x, or of another array where x has its maxima: its derivative along d.
static inline void net_max_pool(const net_axis axes[2], long channels, const $T *x, const $T *d,
                                $T *a) {
  const long taps = axes[0].kernel * axes[1].kernel, outputs = axes[0].output * axes[1].output;
  for (long p = 0; p < outputs; ++p) {
    for (long c = 0; c < channels; ++c) {
      long best = -1;
      for (long k = 0; k < taps; ++k) {
        const long at = net_position(axes, p, k) * channels + c;
        if (at < 0) continue;
        if (best < 0 || x[at] > x[best] || x[at] != x[at]) best = at;
      }
      *a++ = d[best];
    }
  }
}
