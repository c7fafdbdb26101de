"""TensorFlow Playground on the native engine: the numbers of a URL, without a browser.

``fastmlp playground`` shows the same in a browser.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import check_int, error_prefix, type_error
from fastmlp._fit.status import TrainingWarning
from fastmlp.network import Network
from fastmlp.playground._model import Diverged, Model
from fastmlp.playground._state import State

__all__ = ["Run", "State", "run"]


@dataclass(frozen=True, eq=False)
class Run:
    """What `run` has computed.

    Attributes
    ----------
    state : State
        The settings of the URL, and the seed drawn where it names none.
    points : ndarray of shape (n, 3)
        x, y and label of all points, those trained on first.
    n_train : int
        Number of points trained on.
    losses : ndarray of shape (epochs + 1, 2)
        Mean of (o - t)² / 2, or of the loss chosen, over training and test points, before training
        and after each epoch; nan after a divergence.
    network : Network
        Trained, in float64.

    Examples
    --------
    >>> import fastmlp.playground
    >>> run = fastmlp.playground.run("#seed=0.11111&dataset=xor")
    >>> run.state.dataset, run.points.shape, run.network.n_inputs
    ('xor', (500, 3), 2)
    """

    state: State
    points: NDArray[np.float64]
    n_train: int
    losses: NDArray[np.float64]
    network: Network


@error_prefix("playground.run")
def run(url: str, epochs: int = 1) -> Run:
    """Train what a URL of TensorFlow Playground shows, with the same points, start and losses.

    Parameters
    ----------
    url : str
        An address with the state after its ``#``, or that part alone.
    epochs : int, default 1
        Passes over the training points.

    Returns
    -------
    Run
        Points, losses and network.

    Raises
    ------
    ValueError, TypeError
        A number in the URL, or `epochs`, is out of range or of the wrong kind.

    Warns
    -----
    TrainingWarning
        The loss is no longer finite.

    Examples
    --------
    >>> import fastmlp.playground
    >>> run = fastmlp.playground.run("#seed=0.11111&dataset=xor", epochs=3)
    >>> run.losses.shape, run.n_train
    ((4, 2), 250)
    >>> run.network.n_parameters
    25
    """
    check_int(epochs, "epochs", min=0)
    if not isinstance(url, str):
        raise type_error("url", url, "a str")
    model = Model(State.parse(url))
    losses = np.full((epochs + 1, 2), np.nan)
    losses[0] = model.losses()
    try:
        for epoch in range(epochs):
            model.train()
            losses[epoch + 1] = model.losses()
    except Diverged as error:
        warnings.warn(f"playground.run: {error}", TrainingWarning, stacklevel=3)
    return Run(model.state, model.points, model.n_train, losses, model.network)
