// Timing of kernels, with a table and JSON of the results.
#pragma once

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "fastmlp/base/types.hpp"
#include "fma.hpp"

using fastmlp::Index;

template <class T>
constexpr const char* kName = sizeof(T) == 4 ? "float32" : "float64";

struct Effort {
  int rounds = 21;
  double sample_ns = 1e6;
  int fma_repeats = 20000;
};

// One line of the table; `ns` is the time of a call for products, else of an element.
struct Row {
  std::string kernel, dtype, shape;
  double ns, peak_fraction = 0, eigen = 0;
  bool product() const { return eigen > 0; }
};

struct Report {
  Effort effort;
  std::vector<Row> rows;
  double peak[2] = {};  // GFLOP/s of float and double, the fastest seen
};

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<Index>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Time of one call. The barrier makes the memory of f observable, so that no call is optimised
// away.
template <class F>
double call_ns(F& f, Index calls) {
  const auto start = Clock::now();
  for (Index i = 0; i < calls; ++i) {
    f();
    asm volatile("" : : "r"(&f) : "memory");
  }
  return nanoseconds_since(start) / static_cast<double>(calls);
}

// Number of calls that take sample_ns, after one to warm up.
template <class F>
Index calls_per_sample(F& f, const Effort& effort) {
  call_ns(f, 1);
  return 1 + static_cast<Index>(effort.sample_ns / std::max(1.0, call_ns(f, 1)));
}

template <class F>
void time_elements(Report& report, const char* kernel, const char* dtype, const char* shape,
                   Index elements, F f) {
  const Index calls = calls_per_sample(f, report.effort);
  std::vector<double> ns;
  for (int i = 0; i < report.effort.rounds; ++i) ns.push_back(call_ns(f, calls));
  report.rows.push_back({kernel, dtype, shape, median(ns) / static_cast<double>(elements)});
}

// Interleaved rounds of both and of multiply-adds; ratios are taken within a round.
template <class T, class F, class G>
void time_product(Report& report, const char* kernel, const std::string& shape, double flops,
                  F ours, G eigen) {
  const Index our_calls = calls_per_sample(ours, report.effort);
  const Index eigen_calls = calls_per_sample(eigen, report.effort);
  double& peak = report.peak[sizeof(T) == 8];
  std::vector<double> ns, peak_fraction, ratio;
  for (int i = 0; i < report.effort.rounds; ++i) {
    const double rate = fma_gflops<T>(report.effort.fma_repeats);
    ns.push_back(call_ns(ours, our_calls));
    ratio.push_back(call_ns(eigen, eigen_calls) / ns.back());
    peak_fraction.push_back(flops / ns.back() / rate);
    peak = std::max(peak, rate);
  }
  report.rows.push_back(
      {kernel, kName<T>, shape, median(ns), median(peak_fraction), median(ratio)});
}

inline void print_table(const Report& report) {
  std::printf("multiply-adds: %.1f GFLOP/s float32, %.1f float64\n\n", report.peak[0],
              report.peak[1]);
  std::printf("%-15s%-9s%-22s%13s%9s%9s\n", "kernel", "dtype", "shape", "ns per", "of peak",
              "Eigen");
  for (const Row& row : report.rows) {
    std::printf("%-15s%-9s%-22s", row.kernel.c_str(), row.dtype.c_str(), row.shape.c_str());
    if (row.product()) {
      std::printf("%12.0f call%9.1f %%%9.2f\n", row.ns, 100 * row.peak_fraction, row.eigen);
    } else {
      std::printf("%12.3f element\n", row.ns);
    }
  }
}

inline void write_json(const Report& report, const char* path) {
  std::FILE* file = std::fopen(path, "w");
  if (!file) throw std::runtime_error(std::string("cannot write ") + path);
  std::fprintf(file, "{\"gflops\": {\"float32\": %.1f, \"float64\": %.1f}, \"kernels\": [",
               report.peak[0], report.peak[1]);
  const char* separator = "\n";
  for (const Row& row : report.rows) {
    std::fprintf(file, R"(%s{"kernel": "%s", "dtype": "%s", "shape": "%s", "ns": %.4g)", separator,
                 row.kernel.c_str(), row.dtype.c_str(), row.shape.c_str(), row.ns);
    if (row.product()) {
      std::fprintf(file, R"(, "share_of_peak": %.4g, "eigen_ratio": %.4g)", row.peak_fraction,
                   row.eigen);
    }
    std::fprintf(file, "}");
    separator = ",\n";
  }
  std::fprintf(file, "\n]}\n");
  std::fclose(file);
}
