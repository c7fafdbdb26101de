"""The method of `fastmlp.Network` that trains it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from fastmlp._data import types
from fastmlp._data.validation import error_prefix
from fastmlp._fit.history import History
from fastmlp.trainer import Trainer

if TYPE_CHECKING:
    from fastmlp.network import Network


@error_prefix("fit")
def fit(
    self: Network,
    X: types.InputLike,
    y: ArrayLike,
    *,
    loss: types.LossLike | None = None,
    optimizer: types.OptimizerLike = "adam",
    epochs: int | None = None,
    batch_size: int | None = None,
    validation_data: types.Validation | None = None,
    validation_split: float | None = None,
    metrics: types.MetricsLike = (),
    callbacks: object | Iterable[object] = (),
    sample_weight: ArrayLike | None = None,
    class_weight: types.ClassWeight | None = None,
    missing: types.Missing | None = None,
    lengths: ArrayLike | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    regularize_biases: bool = False,
    shuffle: bool = True,
    weighting: types.Weighting = "set",
    l2_scale: types.L2Scale = "constant",
    carry_state: bool = False,
    max_seconds: float | None = None,
    n_threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 1,
    comm: Any = None,
    verbose: int = 0,
) -> History:
    """Train the network on samples.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs)
        Samples. nan and inf raise an error, as in `y` and in weights. A SciPy sparse matrix is
        converted batch by batch, with the same results as ``X.toarray()``.
    y : array_like of shape (n_samples, n_outputs) or (n_samples,)
        Targets. 1-D for a single output, or class indices from 0 for a softmax output.
    loss : str, loss or callable, optional
        By default chosen by the output activation: cross_entropy for softmax,
        binary_cross_entropy for sigmoid, perceptron for sign, else squared_error. A callable
        receives ``(outputs, y)``, both ``(n, n_outputs)``, and returns values ``(n,)`` and their
        gradient ``(n, n_outputs)``. With `lengths` and an output per step, rows are valid steps.
    optimizer : str or optimizer, default "adam"
        A name, or an object such as ``fm.SGD(0.1, momentum=0.9)``. Its state starts fresh.
    epochs : int, optional
        Passes over the samples. Default: until the loss (the validation loss if there is one) has
        not improved by a relative 1e-4 for 10 epochs, at most 200. Second-order methods stop by
        themselves, after at most 1000.
    batch_size : int, optional
        Samples per update. Default: 32, or all samples for second-order methods.
    validation_data : tuple (X, y), (X, y, sample_weight) or with lengths as fourth, optional
        Samples whose loss is recorded after each epoch as ``"val_loss"``.
    validation_split : float, optional
        Instead of `validation_data`, the fraction of the samples to set aside, ``0 <
        validation_split < 1``: the last rows, before shuffling.
    metrics : str, list of str, or dict {name: function}, default ()
        Recorded after each epoch, as ``name`` for training and ``val_name`` for validation
        samples: ``"accuracy"``, ``"top_3_accuracy"``, ``"f1"``, ``"auc"``, ``"r2"``, ``"mae"``,
        ``"rmse"``, all weighted, or the number ``function(y, outputs)``. Cost: a forward pass each.
    callbacks : callback, or iterable of them, default ()
        Objects with any of `on_fit_begin`, `on_epoch_end` and `on_fit_end`; see `fm.Callback`.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights w >= 0. The loss of a batch of B samples is ``sum_i w_i L_i / (B mean(w))``, with
        the mean over all samples. Of the shape of y: weights W of single terms, targets, steps or
        positions, with ``w_i = mean_j W_ij`` and ``L_i = sum_j W_ij L_ij / w_i``.
    class_weight : dict {class: weight}, list of weights, or "balanced", optional
        Factors on the sample weights; classes that are not named have weight 1. For several labels
        factors on their terms: for each label a number, or a pair of numbers for its negative and
        positive samples, as ``[1, (1, 5)]`` or ``{1: (1, 5)}``; "balanced" for all or one.
    missing : {"mask"}, optional
        With "mask", nan in y marks a missing target, which is left out of the loss and metrics;
        the mean is over samples with a target. Not for softmax outputs.
    lengths : array_like of int, shape (n_samples,), optional
        Number of steps of each sequence, for recurrent networks; as for `Network.loss`.
    l1, l2 : float, default 0.0
        Penalty ``l1 sum |W| + l2 / 2 sum W**2``, for layers without their own values.
    regularize_biases : bool, default False
        If True, the penalties include biases.
    shuffle : bool, default True
        If True, samples are shuffled in each epoch, with the network's seed.
    weighting : {"set", "batch"}, default "set"
        "batch" divides the loss by the batch's own sum of weights, as scikit-learn does; with one
        sample per batch, weights then have no effect.
    l2_scale : {"constant", "batch_weight"}, default "constant"
        "batch_weight" divides every l2 by the batch's sum of sample weights (its size without
        weights), also in a shorter last batch. It is then scikit-learn's alpha.
    carry_state : bool, default False
        If True, recurrent layers start sample i of a batch with the final state of sample i of the
        previous batch, without a gradient through it, and the first batch of an epoch with zeros.
        Needs ``shuffle=False`` and batches of equal size; `net.recurrent_state` is the last state.
    max_seconds : float, optional
        Time limit; training stops within an epoch too.
    n_threads : int, optional
        Maximum number of threads, as with `fm.threads`. Results do not depend on it, bit for bit.
    checkpoint : path, optional
        File of the run, written at the end and after every `checkpoint_every` epochs. If it
        exists, training resumes from it, bit for bit as if it had never stopped.
    checkpoint_every : int, default 1
        Number of epochs between writes.
    comm : communicator, optional
        The ranks of a data-parallel training, such as ``MPI.COMM_WORLD`` of mpi4py: each makes the
        same call with its own rows, or those of `fm.distributed.shard`, and all end with the same
        parameters. `batch_size` counts the rows of all ranks. After an exception of one rank the
        others are ended too. See docs/distributed.md.
    verbose : {0, 1, 2}, default 0
        1 shows a tqdm progress bar, or lines if tqdm is not installed; 2 always prints lines.

    Returns
    -------
    History
        Losses per epoch, and how training ended.

    Raises
    ------
    ValueError, TypeError
        An argument is invalid; the network stays as it was.
    RuntimeError
        The network is being trained by another call.

    Warns
    -----
    TrainingWarning
        A loss or an update is not finite; the loss was still falling at the limit of
        ``epochs=None``; a layer cannot learn; regression targets are far from 0 ± 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], seed=0)
    >>> history = net.fit([[0], [1], [2]], [1, 3, 5], optimizer=fm.SGD(0.3), epochs=200)
    >>> net.predict([[3]]).round(2)
    array([[7.]], dtype=float32)
    >>> history.status
    'max_steps'
    """
    given = locals()
    trainer = Trainer.__new__(Trainer)
    trainer._start(self, given, "fit")
    return trainer._run(given, "fit")
