"""Methods of networks that write them in the formats of others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from fastmlp._data import types
from fastmlp._data.validation import error_prefix

if TYPE_CHECKING:
    from fastmlp.network import Network


@error_prefix("Network.to_c")
def to_c(
    self: Network,
    path: str | os.PathLike[str],
    name: str = "net",
    precision: DTypeLike | None = None,
    *,
    X: types.InputLike | None = None,
    jacobian: bool = False,
    layout: str = "plain",
    quantize: str | None = None,
) -> None:
    """Write the network as one header of C: weights, prediction and a test of itself.

    The header is C99 and C++17, includes the standard library alone, takes no memory and has no
    variables. Its functions, with `name` in front: ``net_predict(x, y)`` for one sample,
    ``net_selftest()``, the number of 16 samples whose outputs are wrong, and with `jacobian`
    ``net_jacobian(x, J)``. Compiled with ``-ffp-contract=off``, outputs are those of `predict`
    on 8 or more samples, bit for bit.

    Parameters
    ----------
    path : str or path-like
        The file, which is replaced, as by `save`.
    name : str, default "net"
        Beginning of all names; in capitals, of all macros.
    precision : {"float32", "float64"}, optional
        Precision of the header; that of the network by default.
    X : array_like of shape (n_samples, n_inputs), optional
        Samples for the test and for the error of `quantize`, such as those of a validation set.
        By default they are drawn from a standard normal distribution.
    jacobian : bool, default False
        Adds the derivative of outputs by inputs, ``J[j * n_inputs + i]``. A call costs
        n_inputs times two predictions.
    layout : {"plain", "flash"}, default "plain"
        With "flash" tables have the qualifier ``NET_FLASH`` and are read by ``NET_COPY``, for
        processors whose program memory has an address space of its own.
    quantize : {"int8", "int16"}, optional
        Weights are integers times a scale for each unit. The header's comment says how far
        that moves the outputs for X; biases and arithmetic stay as they are.

    Raises
    ------
    ValueError, TypeError
        An argument is out of range; a parameter or an output for X is not finite; an activation
        is a function of Python.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.h")
    >>> fm.Network([4, 8, 3], output="softmax", seed=0).to_c(path)
    >>> "net_predict(const float x[4], float y[3])" in path.read_text()
    True
    """
    from fastmlp._export import c  # a leaf

    c.export(self, path, name, precision, X=X, jacobian=jacobian, layout=layout, quantize=quantize)
