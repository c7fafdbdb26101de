"""Methods of `Network` that take it elsewhere; what they need is imported where they are called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from numpy.typing import DTypeLike

from fastmlp._data.validation import error_prefix

if TYPE_CHECKING:
    from fastmlp.network import Network


@error_prefix("Network.to_onnx")
def to_onnx(
    self: Network, path: str | os.PathLike[str] | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Return the network as an ONNX model, for ONNX Runtime and others; write it to a file.

    The model has one input ``X``, ``(n, *input_shape)``, and one output ``Y``, ``(n,
    *output_shape)``, for any n: what `predict` takes and returns. Dropout and noise are left out.

    Parameters
    ----------
    path : str or path-like, optional
        The file, which is replaced as a whole. By default none is written.
    dtype : {"float32", "float64"}, optional
        Precision of the model, by default the network's. In float64 what ONNX Runtime has only in
        float32 is made of products, sums and exponentials.

    Returns
    -------
    onnx.ModelProto
        Operators of opset 17. Its metadata have layers and seed, so that `fm.from_onnx` returns
        the very network.

    Raises
    ------
    ImportError
        The extra ``onnx`` is not installed.
    ValueError
        An activation that ONNX has not: gelu in float64, or one of your own in Python. A
        parameter is too large for float32, or the model for ONNX, 2 GB.
    TypeError
        A dtype that is none.

    Notes
    -----
    Cost: memory of twice the parameters. Source: https://onnx.ai/onnx/operators.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([4, 8, 3], activation="tanh", output="softmax", seed=0)
    >>> model = net.to_onnx()  # doctest: +SKIP
    >>> [node.op_type for node in model.graph.node]  # doctest: +SKIP
    ['Gemm', 'Tanh', 'Gemm', 'Softmax']
    >>> net.n_parameters
    67
    """
    from fastmlp._export import to_onnx

    return to_onnx.export(self, path, dtype)


@error_prefix("Network.to_torch")
def to_torch(self: Network) -> Any:
    """Return the network as a module of torch, with a copy of the parameters.

    The module takes what `predict` takes, ``(n, *input_shape)`` with channels last, and returns
    what it returns, to rounding. Layers are those of ``torch.nn`` in a ``Sequential``; what stands
    between them, such as channels moved first, is a small module of its own. Dropout and noise
    are there for training.

    Returns
    -------
    torch.nn.Module
        On the CPU, in the precision of the network, in evaluation mode (``eval()``).

    Raises
    ------
    ImportError
        The extra ``torch`` is not installed.
    ValueError
        A layer that torch has not: a `Recurrent` with an activation other than tanh and relu, a
        `GRU` or `LSTM` with one other than tanh, an activation of your own in Python.

    Notes
    -----
    `truncate`, penalties and `max_norm` are about training and have no counterpart. torch's
    recurrent modules have two biases that are added; the second is 0, except for a `GRU`.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([4, 8, 3], output="softmax", seed=0)
    >>> model = net.to_torch()  # doctest: +SKIP
    >>> [type(module).__name__ for module in model]  # doctest: +SKIP
    ['Linear', 'ReLU', 'Linear', 'Softmax']
    >>> net.n_parameters
    67
    """
    from fastmlp._export import to_torch

    return to_torch.export(self)
