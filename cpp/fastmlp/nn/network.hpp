// A chain of layers and their packed parameters w: per layer W (n_out, n_in) row-major, then b.
#pragma once

#include <vector>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/nn/layers.hpp"
#include "fastmlp/nn/noise.hpp"

namespace fastmlp {

// Everything that passes over a batch of up to `samples` samples write to.
template <class T>
struct Workspace {
  Index samples = 0;
  std::vector<Tape<T>> tapes;
};

// The most samples that go through the layers together: a panel, so that a batch has tiles for all
// threads.
template <class T>
constexpr Index kTile = kNR<T>;

template <class T>
class Network {
 public:
  // The last layer is dense. Without a seed all parameters are 0.
  Network(Index inputs, const std::vector<LayerReference>& layers,
          std::optional<std::uint64_t> seed);

  Index inputs() const { return inputs_; }
  Index outputs() const { return layers_.back()->outputs(); }
  Index size() const { return w_.size(); }
  T* w() { return w_.data(); }
  const T* w() const { return w_.data(); }
  const std::vector<std::unique_ptr<LayerMap<T>>>& layers() const { return layers_; }
  const LayerMap<T>& layer(Index l) const { return *layers_[static_cast<std::size_t>(l)]; }
  // The layers that have parameters.
  const std::vector<const DenseMap<T>*>& dense() const { return dense_; }
  Index depth() const { return static_cast<Index>(layers_.size()); }
  const Activation& output() const { return layers_.back()->activation(); }
  // Multiplications and additions of a forward pass of one row.
  double operations_per_row() const { return operations_; }

  // Room for forward passes, and with `backward` for deltas too, of batches of n samples.
  Workspace<T> make_workspace(Index n, bool backward) const;
  // Ranges that cover w in order: pieces of layers, of which small ones that follow each other are
  // a part together.
  struct Piece {
    Index layer;
    Index index;
    Range range;
  };
  struct Part {
    std::vector<Piece> pieces;
    Range range;
  };
  const std::vector<Part>& parts() const { return parts_; }
  // Prepares the workspace for the present parameters, one part or all.
  void pack(const Part& part, Workspace<T>& workspace) const;
  void pack(Workspace<T>& workspace, ThreadTeam& team) const;
  // Fills the tapes for a range of samples of one tile, given X (n_in, samples), up to the last
  // layer's pre-activations, which are returned: what becomes of them is the affair of Output.
  MatrixView<T> forward(const PassContext& pass, const PanelMatrix<T>& x, Range samples,
                        Workspace<T>& workspace) const;
  // From delta = dL/da of the last layer to all that have parameters below them; with
  // `input_gradient` down to dL/dX (n_in, samples).
  void backward(const PassContext& pass, Range samples, Workspace<T>& workspace,
                PanelMatrix<T>* input_gradient = nullptr) const;

  // Outputs (n, n_out) of X (n, n_in).
  void predict(const MatrixView<const T>& x, const MatrixView<T>& out, ThreadTeam& team) const;
  // J (n, n_out, n_in): the derivative of each output with respect to each input.
  void jacobian(const MatrixView<const T>& x, T* out, ThreadTeam& team) const;

 private:
  // How a layer takes part in the passes; its activation is phi.
  struct Stage {
    const LayerMap<T>* layer;
    const Activation* phi;
    bool keeps_input;       // of phi, in a place of its own
    bool fuses_value;       // phi is the epilogue of its product
    bool fuses_derivative;  // phi' of the layer below is the epilogue of its product
  };

  Index add(const Dense& spec, Index width, Index offset);
  Index add(const Dropout& spec, Index width, Index offset);
  Index add(const GaussianNoise& spec, Index width, Index offset);
  void add_parts();
  MatrixView<T> forward_rows(const MatrixView<const T>& x, Range samples, PanelMatrix<T>& columns,
                             Workspace<T>& workspace, ThreadTeam& team) const;
  void predict_one_by_one(const MatrixView<const T>& x, const MatrixView<T>& out) const;
  const Stage& stage(Index l) const { return stages_[static_cast<std::size_t>(l)]; }
  Tape<T>& tape(Workspace<T>& workspace, Index l) const {
    return workspace.tapes[static_cast<std::size_t>(l)];
  }

  Index inputs_;
  std::vector<std::unique_ptr<LayerMap<T>>> layers_;
  std::vector<const DenseMap<T>*> dense_;
  std::vector<Stage> stages_;
  std::vector<Part> parts_;
  Index first_dense_ = 0;  // the first layer that has parameters
  double operations_ = 0;
  Buffer<T> w_;
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace fastmlp
