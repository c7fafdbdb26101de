#include <map>
#include <set>

#include "fastmlp/kernels/random.hpp"
#include "fastmlp/train/dataset.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

using Words = std::array<std::uint32_t, 4>;

// Philox 4x32-R as in the paper (Salmon, Moraes, Dror & Shaw 2011), word by word.
Words philox(Words x, std::array<std::uint32_t, 2> key, int rounds = 10) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{x[0]} * 0xD2511F53u;
    const std::uint64_t product1 = std::uint64_t{x[2]} * 0xCD9E8D57u;
    const auto high0 = static_cast<std::uint32_t>(product0 >> 32);
    const auto high1 = static_cast<std::uint32_t>(product1 >> 32);
    x = {high1 ^ x[1] ^ key[0], static_cast<std::uint32_t>(product1), high0 ^ x[3] ^ key[1],
         static_cast<std::uint32_t>(product0)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return x;
}

std::uint64_t joined(std::uint32_t low, std::uint32_t high) {
  return std::uint64_t{high} << 32 | low;
}

}  // namespace

// Test vectors of Random123 (kat_vectors, philox4x32 10).
TEST_CASE("the reference implementation gives Philox's published test vectors") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Rng is Philox keyed by the seed, with stream and stream index in the counter") {
  Rng zero(0, Stream(0), 0);
  CHECK(zero.next() == 0xe169c58d6627e8d5);
  CHECK(zero.next() == 0x9b00dbd8bc57ac4c);
  for (const std::uint64_t seed : {0ull, 1ull, 0x299f31d0a4093822ull, ~0ull}) {
    for (const std::uint32_t stream_index : {0u, 7u, ~0u}) {
      for (const Stream stream : {Stream::initialization, Stream::shuffle}) {
        Rng rng(seed, stream, stream_index);
        for (std::uint32_t i = 0; i < 50; ++i) {
          const Words x =
              philox({i, 0, static_cast<std::uint32_t>(stream), stream_index},
                     {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
          REQUIRE(rng.next() == joined(x[0], x[1]));
          REQUIRE(rng.next() == joined(x[2], x[3]));
        }
      }
    }
  }
}

TEST_CASE("streams of different seeds, kinds and indices share no draw") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (const Stream stream : {Stream::initialization, Stream::shuffle}) {
      for (std::uint32_t stream_index = 0; stream_index < 4; ++stream_index) {
        Rng rng(seed, stream, stream_index);
        for (int i = 0; i < 100; ++i) seen.insert(rng.next());
      }
    }
  }
  CHECK(seen.size() == 4 * 2 * 4 * 100);
}

TEST_CASE("uniform and normal draws have their moments") {
  constexpr int n = 100000;
  Rng rng(1, Stream::initialization, 0);
  double sum = 0, squares = 0, low = 1, high = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    low = std::min(low, u), high = std::max(high, u);
    sum += u, squares += u * u;
  }
  CHECK(low >= 0);
  CHECK(high < 1);
  CHECK(sum / n == doctest::Approx(0.5).epsilon(0.01));
  CHECK(squares / n == doctest::Approx(1.0 / 3).epsilon(0.01));

  double cubes = 0, fourth = 0;
  sum = squares = 0;
  for (int i = 0; i < n; ++i) {
    const double z = rng.normal();
    REQUIRE(std::isfinite(z));
    sum += z, squares += z * z, cubes += z * z * z, fourth += z * z * z * z;
  }
  CHECK(std::abs(sum / n) < 0.02);
  CHECK(squares / n == doctest::Approx(1).epsilon(0.02));
  CHECK(std::abs(cubes / n) < 0.05);
  CHECK(fourth / n == doctest::Approx(3).epsilon(0.05));
}

// The error of the cosine: the first omitted term of the series, (π/4)¹⁵ / 15!, and rounding.
TEST_CASE("a normal draw is Box and Muller's function of two uniform ones") {
  Rng normals(3, Stream::initialization, 1), uniforms(normals);
  long double worst = 0;
  for (int i = 0; i < 100000; ++i) {
    const long double u = 1.0L - uniforms.uniform(), v = uniforms.uniform();
    const long double radius = std::sqrt(-2 * std::log(u));
    const long double expected = radius * std::cos(2 * 3.14159265358979323846L * v);
    worst = std::max(worst, std::abs(normals.normal() - expected) / radius);
  }
  CHECK(worst < 2.15e-14L);
}

TEST_CASE(
    "samples draw their words from Philox, keyed by the seed, counted by group, position, stream "
    "and "
    "epoch") {
  const SampleKey key{0x299f31d0a4093822, 7, 3u << 16 | 2, 9};
  for (std::uint32_t group = 0; group < 3; ++group) {
    SampleWords words;
    random_words(key, group, words);
    for (Index s = 0; s < kSampleLanes; ++s) {
      for (Index j = 0; j < kWords; ++j) {
        const Index word = group * kWords + j;
        const Words x =
            philox({static_cast<std::uint32_t>(word / 4),
                    key.sample_index + static_cast<std::uint32_t>(s), key.stream, key.epoch},
                   {0xa4093822, 0x299f31d0}, 7);
        REQUIRE(words[j][s] == x[static_cast<std::size_t>(word % 4)]);
      }
    }
  }
}

TEST_CASE_TEMPLATE("the first words or numbers of a group do not depend on how many are drawn", T,
                   float, double) {
  const SampleKey key{1, 2, 3, 4};
  SampleWords words, few;
  T numbers[kWords][kSampleLanes], few_numbers[kWords][kSampleLanes];
  random_words(key, 5, words);
  random_normals(key, 5, numbers);
  for (Index n = 1; n <= kWords; ++n) {
    random_words(key, 5, few, n);
    random_normals(key, 5, few_numbers, n);
    for (Index j = 0; j < n; ++j) {
      REQUIRE(std::equal(words[j], words[j] + kSampleLanes, few[j]));
      REQUIRE(same_bits(numbers[j], few_numbers[j], kSampleLanes));
    }
  }
}

TEST_CASE_TEMPLATE("samples draw normal numbers", T, float, double) {
  constexpr int groups = 2000;
  double sum = 0, squares = 0, fourth = 0, pairs = 0;
  for (std::uint32_t group = 0; group < groups; ++group) {
    T z[kWords][kSampleLanes];
    random_normals({1, 16 * group, 4u << 16, 0}, group % 3, z);
    for (Index j = 0; j < kWords; ++j) {
      for (Index s = 0; s < kSampleLanes; ++s) {
        const double v = static_cast<double>(z[j][s]);
        REQUIRE(std::isfinite(v));
        sum += v, squares += v * v, fourth += v * v * v * v;
        pairs += v * static_cast<double>(z[j ^ 1][s]);
      }
    }
  }
  constexpr double n = static_cast<double>(groups) * kWords * kSampleLanes;
  CHECK(std::abs(sum / n) < 0.015);
  CHECK(squares / n == doctest::Approx(1).epsilon(0.02));
  CHECK(fourth / n == doctest::Approx(3).epsilon(0.05));
  CHECK(std::abs(pairs / n) < 0.015);  // sine and cosine of a pair
}

TEST_CASE_TEMPLATE("sincos_turns agrees with sin and cos", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 5e-7 : 5e-14;
  std::vector<T> turns = uniform<T>(1000 * kLanes<T>, 3, 0, 1);
  turns[0] = 0, turns[1] = 1;
  double max_error = 0;
  for (std::size_t i = 0; i < turns.size(); i += kLanes<T>) {
    Pack<T> sine, cosine;
    sincos_turns(load(&turns[i]), sine, cosine);
    for (Index j = 0; j < kLanes<T>; ++j) {
      const double angle = 2 * M_PI * static_cast<double>(turns[i + static_cast<std::size_t>(j)]);
      max_error = std::max(max_error, std::abs(static_cast<double>(sine[j]) - std::sin(angle)));
      max_error = std::max(max_error, std::abs(static_cast<double>(cosine[j]) - std::cos(angle)));
    }
  }
  CHECK(max_error <= tolerance);
}

TEST_CASE("uniform_index draws every index equally often") {
  Rng rng(2, Stream::shuffle, 0);
  int count[7] = {};
  for (int i = 0; i < 70000; ++i) {
    const Index k = uniform_index(7, rng.next());
    REQUIRE((0 <= k && k < 7));
    ++count[k];
  }
  for (const int c : count) CHECK(std::abs(c - 10000) < 500);
  CHECK(uniform_index(1, rng.next()) == 0);
}

TEST_CASE("an epoch's order is a permutation that depends only on seed and epoch") {
  const auto arranged = [](bool shuffle, std::uint64_t seed, std::uint32_t epoch) {
    EpochOrder order;
    order.shuffle_rows(50, shuffle, seed, epoch);
    return order.indices();
  };
  const std::vector<Index> plain = arranged(false, 1, 0), first = arranged(true, 1, 0);
  for (Index i = 0; i < 50; ++i) CHECK(plain[static_cast<std::size_t>(i)] == i);
  CHECK(std::is_permutation(first.begin(), first.end(), plain.begin()));
  CHECK(first == arranged(true, 1, 0));
  CHECK(first != plain);
  CHECK(first != arranged(true, 1, 1));
  CHECK(first != arranged(true, 2, 0));

  EpochOrder used;  // independent of earlier orders
  used.shuffle_rows(80, true, 9, 9);
  used.shuffle_rows(50, true, 1, 0);
  CHECK(used.indices() == first);
}

TEST_CASE("all orders are equally frequent, and no random number is used twice") {
  std::map<std::vector<Index>, int> count;
  EpochOrder order;
  for (std::uint32_t epoch = 0; epoch < 6000; ++epoch) {
    order.shuffle_rows(3, true, 5, epoch);
    ++count[order.indices()];
  }
  REQUIRE(count.size() == 6);
  for (const auto& [indices, times] : count) CHECK(std::abs(times - 1000) < 150);

  // Equal random numbers at two positions would correlate the samples there; n > 2 * 32 draws.
  constexpr Index n = 100;
  for (const Index lag : {1, 16, 32}) {
    double product = 0;
    for (std::uint32_t epoch = 0; epoch < 400; ++epoch) {
      order.shuffle_rows(n, true, 5, epoch);
      for (Index i = 0; i + lag < n; ++i) {
        const auto at = [&](Index j) {
          return static_cast<double>(order.indices()[static_cast<std::size_t>(j)]) - (n - 1) / 2.0;
        };
        product += at(i) * at(i + lag) / (n * n / 12.0) / static_cast<double>(400 * (n - lag));
      }
    }
    CHECK(std::abs(product) < 0.03);
  }
}
