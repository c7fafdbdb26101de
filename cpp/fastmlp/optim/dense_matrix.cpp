#include "fastmlp/optim/dense_matrix.hpp"

#include <unistd.h>

#include <stdexcept>

namespace fastmlp {
namespace {

double physical_memory() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::string gigabytes(double bytes) {
  const auto tenths = static_cast<long long>(bytes / 1e8);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

}  // namespace

void check_dense_matrices(const std::string& where, Index count, Index size, Index number_bytes,
                          const std::string& otherwise) {
  const double bytes = static_cast<double>(count) * static_cast<double>(size) *
                       static_cast<double>(size) * static_cast<double>(number_bytes);
  if (bytes <= physical_memory()) return;
  const std::string n = std::to_string(size);
  const std::string matrices = std::to_string(count) + (count == 1 ? " matrix" : " matrices");
  throw std::invalid_argument(where + ": " + matrices + " of " + n + " x " + n + " numbers: " +
                              gigabytes(bytes) + ", expected at most the memory of this machine, " +
                              gigabytes(physical_memory()) + "; use " + otherwise);
}

}  // namespace fastmlp
