"""The method of `fastmlp.Network` that trains it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

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
    verbose: int = 0,
) -> History:
    """Train the network on samples.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs)
        Samples; nan and inf are refused, here as in `y` and in the weights. A sparse matrix of
        SciPy is read row by row into the batch, with the same results as ``X.toarray()``.
    y : array_like of shape (n_samples, n_outputs) or (n_samples,)
        Targets. 1-D for one output; for a softmax output, class indices from 0.
    loss : str, loss or callable, optional
        Default by the output: softmax cross_entropy, sigmoid binary_cross_entropy, sign
        perceptron, else squared_error. A callable takes ``(outputs, y)``, both ``(n,
        n_outputs)``, and returns values ``(n,)`` and their gradient ``(n, n_outputs)``. Where
        `lengths` are given for outputs of each step, n are the steps before the ends of all.
    optimizer : str or optimizer, default "adam"
        A name, or a value such as ``fm.SGD(0.1, momentum=0.9)``. Its state starts fresh.
    epochs : int, optional
        Passes. Default: until the loss (of `validation_data` if given) has not improved by 1e-4
        of itself for 10 epochs, at most 200; methods that search end by themselves, at 1000.
    batch_size : int, optional
        Samples per update. Default: 32, and all for methods that search.
    validation_data : tuple (X, y), (X, y, sample_weight) or with lengths as fourth, optional
        Samples whose loss is recorded after each epoch as ``"val_loss"``.
    validation_split : float, optional
        Share of the samples, ``0 < share < 1``, that are those of the validation instead: the last
        rows, before shuffling.
    metrics : str, list of str, or dict {name: function}, default ()
        Recorded after each epoch, as ``name`` of the training samples and ``val_name`` of the
        validation: ``"accuracy"``, ``"top_3_accuracy"``, ``"f1"``, ``"auc"``, ``"r2"``, ``"mae"``,
        ``"rmse"``, weighted, or ``function(y, outputs)``, a number. Cost: a forward pass over each.
    callbacks : callback, or iterable of them, default ()
        With some of `on_fit_begin`, `on_epoch_end` and `on_fit_end`; see `fm.Callback`.
    sample_weight : array_like of shape (n_samples,), optional
        Weights w >= 0. The loss of a batch of B of them is ``sum_i w_i L_i / (B mean(w))``.
    class_weight : dict {class: weight} or "balanced", optional
        Factors on the sample weights; a class that is not named weighs 1.
    missing : {"mask"}, optional
        "mask": nan in y is no target, and has no term in the loss and in metrics; the mean is over
        the samples that have some. For outputs with targets of their own, not classes of one.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, for recurrent networks; as for `Network.loss`.
    l1, l2 : float, default 0.0
        Penalty ``l1 sum |W| + l2 / 2 sum W**2``, for layers without a value of their own.
    regularize_biases : bool, default False
        If True, the penalties include biases.
    shuffle : bool, default True
        If True, each epoch has a new order of samples, drawn from the network's seed.
    weighting : {"set", "batch"}, default "set"
        "batch" divides by the batch's own sum of weights, as scikit-learn; none act at B = 1.
    l2_scale : {"constant", "batch_weight"}, default "constant"
        "batch_weight" divides all l2 by the batch's sum of weights, 1 each without weights, the
        last, shorter batch too: scikit-learn's alpha.
    carry_state : bool, default False
        Recurrent layers begin sample i of a batch with the state after sample i of the one before,
        without a gradient through it, and the first batch of an epoch with zeros. It needs
        ``shuffle=False`` and batches of one size; `net.recurrent_state` has the last state.
    max_seconds : float, optional
        Stop after this time, within an epoch too.
    n_threads : int, optional
        At most so many threads, as with `fm.threads`. Results do not depend on it, bit for bit.
    checkpoint : path, optional
        The file of the run: training goes on from it where it is there, bit for bit as if never
        stopped, and writes it at the end and after every `checkpoint_every` epochs.
    checkpoint_every : int, default 1
        Epochs from one writing to the next.
    verbose : {0, 1, 2}, default 0
        1 shows a tqdm bar, or lines where tqdm is missing; 2 always lines.

    Returns
    -------
    History
        Losses per epoch, and how the training ended.

    Raises
    ------
    ValueError, TypeError
        Anything that does not fit; the network is as it was.
    RuntimeError
        The network is being trained by another call.

    Warns
    -----
    TrainingWarning
        A loss or an update is not finite, or the loss still fell at the bound of
        ``epochs=None``; a layer cannot learn; targets of a regression are far from 0 ± 1.

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
