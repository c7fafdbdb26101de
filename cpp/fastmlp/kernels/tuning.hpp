// Constants of cache and register tactics, with their reasons. Results do not depend on them,
// except where the text says that sums do: so they are the same for all processors, and only the
// size of a cache that no sum depends on is that of the machine.
#pragma once

#include <algorithm>

#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

// --- Caches

// Elements of a cache line.
template <class T>
constexpr Index kLine = 64 / sizeof(T);

// Bytes of a core's second-level cache; 1 MB where the system does not say. Matrices of more bytes
// are evicted from it before they are reused.
Index l2_bytes();

// Rows this many bytes apart map to the same cache sets; from a page on, each takes one.
constexpr Index kSetAliasBytes = 2048;
constexpr Index kPageBytes = 4096;

// --- Micro-kernel (names of BLIS)

// Columns and rows of C in registers: 12 x 2 or 6 x 2 sums, two packs of B and one element of A use
// 27 of 32 or 15 of 16 registers.
constexpr int kPanelPacks = 2;
template <class T>
constexpr Index kNR = kPanelPacks * kLanes<T>;
constexpr Index kMR = kVectorRegisters == 32 ? 12 : 6;

// Steps of k from which a pair of packs whose second one is at most half full is computed as a pack
// and half a pack: the second call takes as long as it saves in about ten steps.
constexpr Index kSplitDepth = 16;

// Prefetch distance in contiguous memory, in elements. Hardware prefetchers stop at page borders.
template <class T>
constexpr Index kPrefetchDistance = 3072 / sizeof(T);

// Sums in a micro-kernel from which it prefetches: smaller ones have no cycles to spare.
constexpr int kPrefetchingSums = 10;

// Rows of a panel of C that stay in half of a first-level cache until a row epilogue reads them, a
// multiple of kMR.
template <class T>
constexpr Index kL1Rows = 16384 / (kNR<T> * sizeof(T)) / kMR * kMR;

// Sums of the gradient of a convolution in registers: 6 x 4 or 3 x 4 with the rows of A and one of
// B use 31 of 32 or 16 of 16 registers.
constexpr int kDotRows = kVectorRegisters == 32 ? 6 : 3;
constexpr int kDotColumns = 4;

// Steps of such a tile, positions times packs of samples, that are worth its sums over lanes.
constexpr Index kDotSteps = 256;

// Rows of the smaller factor of a gradient up to which samples stay in lanes, where neither factor
// has to be transposed: a pack of sums then has the rows of the other factor for at least one of
// them, and costs less than half empty packs of features. Sums depend on it.
template <class T>
constexpr Index kFewRows = std::min<Index>(4, kLanes<T>);

// --- Vector loops. Their sums depend on the number of accumulators.

// Rows of W times x at a time, whose sums hide the latency of additions.
template <class T>
constexpr int kGemvRows = kLanes<T> < 8 ? static_cast<int>(kLanes<T>) : 8;

// Independent accumulators that hide it too: packs of a scan of memory, scalars of a sum in double.
constexpr int kScanAccumulators = 4;
constexpr Index kScalarAccumulators = 16;

// Columns above which a panel is transposed in registers: below, a tile would be almost empty.
template <class T>
constexpr Index kMaxScalarColumns = kLanes<T> / 4;

// Rows of a panel of packed W that are copied together, whole packs for every kMR and kLanes.
constexpr Index kPackedRowsTogether = 4;

// --- Plan of a network. Gradients do not depend on it, but the sums of their squares do.

// Parameters of a gradient block: small enough to stay in a first-level cache for the update, tall
// enough for the micro-kernel.
constexpr Index kGradientBlockElements = 2048;

// The same where many terms add to a block, each with factors of its own: their reads from a far
// cache, once for each block, count for more than the update.
constexpr Index kSummedBlockElements = 8192;

// Weights below which a layer is one gradient block, because a second thread would gain nothing.
constexpr Index kMinDividedElements = 800;

// Minimum rows of a gradient block of packed weights. Each block reads the whole batch from a far
// cache.
constexpr Index kPackedBlockRows = 4 * kMR;

// Parameters up to which gradient blocks of several layers are merged into one part, because a part
// costs synchronisation.
constexpr Index kMergedPartElements = 800;

// Columns of a tile, the samples that pass through all layers together: one panel, so that a batch
// has tiles for all threads.
template <class T>
constexpr Index kTileColumns = kNR<T>;

// Columns of a narrow tile. Tiles that share a panel share no cache line, so panels of one line are
// not divided.
template <class T>
constexpr Index kNarrowTileColumns = std::min<Index>(kTileColumns<T>, kLine<T>);

// Samples below which a prediction multiplies matrices by vectors, because a pack would be almost
// empty.
constexpr Index kMinPanelSamples = 8;

// --- Training

// Samples of a chunk, which one workspace holds: larger batches are summed over chunks, so sums
// depend on it. At most so many, and fewer where they would take more bytes (Plan::chunk_samples).
constexpr Index kChunkSamples = 1024;
constexpr Index kChunkBytes = Index{128} << 20;

// Copies of sparse samples that are evaluated at a time.
constexpr Index kSparseCopyBytes = Index{1} << 24;

// Of files, so much is read before it is needed.
constexpr Index kReadAheadBytes = Index{1} << 25;

// Parameters of a range over which an optimizer passes several times: they stay in a first-level
// cache. Norms are summed by range.
constexpr Index kUpdateRangeElements = 2048;

// Elements of an array that are tested for nan and inf together, before one is located.
constexpr Index kScanRangeElements = 4096;

}  // namespace fastmlp
