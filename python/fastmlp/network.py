"""`Network`: parameters, evaluation, training and copies of a multilayer perceptron."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastmlp import _core
from fastmlp._data import (
    arrays,
    compiling,
    derivatives,
    diagonals,
    evaluation,
    exporting,
    inside,
    prediction,
    stepping,
    types,
)
from fastmlp._data.arrays import DType, FloatArray
from fastmlp._data.attributes import Attributes
from fastmlp._data.feature_names import NamedFeatures, as_names
from fastmlp._data.targets import TargetSpec
from fastmlp._data.validation import check_dtype, check_precision, check_seed, error_prefix
from fastmlp._data.views import Views
from fastmlp._export import methods as _export
from fastmlp._fit import fitting
from fastmlp._fit.history import History, history_from_dict
from fastmlp._io import files, layout, members, registry, serialization
from fastmlp._io import summary as _summary
from fastmlp.layers import Layer, output_activation, plan


@registry.register(serialization.NETWORK_FORMAT)
class Network(NamedFeatures, Attributes):
    """A multilayer perceptron.

    Parameters
    ----------
    layers : list of int, or list of layers
        Short form: the layer sizes ``[n_inputs, hidden ..., n_outputs]``. Long form: layers such
        as `Dense`, `Conv2D`, `Recurrent`, `Tied`, `Skip` and `Dropout`. The last layer must not be
        dropout or noise.
    inputs : int or tuple of int, optional
        Long form only: the number of inputs, or their shape ``(length, channels)``, ``(time,
        features)`` or ``(height, width, channels)``. With a shape, all methods accept X of shape
        ``(n_samples, *inputs)`` or flat. Outputs have the shape ``(n_samples, *output_shape)``.
    activation : str or activation, optional
        Short form only: activation of the hidden layers, default ``"relu"``.
    output : str or activation, optional
        Short form only: activation of the last layer, default ``"identity"``.
    init : str or initializer, default "glorot_uniform"
        Distribution of the weights of layers without their own `init`. Biases start at 0.
    dtype : {"float32", "float64"}, default "float32"
        Precision of parameters, inputs and outputs.
    seed : int, optional
        Seed of the initial weights, the order of samples, dropout and noise, ``0 <= seed <
        2**64``. With equal seeds, runs are equal bit for bit. By default a random seed is drawn.
    precision : {"bf16"}, optional
        With ``"bf16"`` large dense layers multiply numbers rounded to bfloat16 in training by
        first-order optimizers, in predictions and in losses; see docs/precision.md. By default,
        and where the processor has no faster instructions, products are in `dtype`.

    Attributes
    ----------
    layers : tuple of layers
        The layers, with all names resolved to objects.
    input_shape, output_shape, n_inputs, n_outputs, n_parameters, dtype, seed, precision
        Shapes and sizes, the dtype, the seed (given or drawn), and the precision of products.
    epochs_trained : int
        Number of epochs trained so far; a second `fit` continues the random stream.

    Raises
    ------
    ValueError
        A size is out of range, or a name is unknown.
    TypeError
        An argument has the wrong type.
    MemoryError
        The parameters do not fit in memory.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([64, 128, 10], activation="relu", output="softmax", seed=0)
    >>> net.n_parameters
    9610
    """

    _fixed = dict.fromkeys(
        (
            *("layers", "input_shape", "output_shape", "n_inputs", "n_outputs", "n_parameters"),
            *("dtype", "seed", "precision"),
        ),
        "make a new fm.Network, or a fm.Trainer with a seed of its own",
    )

    @error_prefix("Network")
    def __init__(
        self,
        layers: Iterable[int] | Iterable[Layer],
        *,
        inputs: int | tuple[int, ...] | None = None,
        activation: types.ActivationLike | None = None,
        output: types.ActivationLike | None = None,
        init: types.InitializerLike = "glorot_uniform",
        dtype: DTypeLike = "float32",
        seed: int | None = None,
        precision: str | None = None,
    ) -> None:
        shape, chain = plan(layers, inputs, activation, output, init)
        kind = check_dtype(dtype)
        rounding = check_precision(precision, kind)
        self._build(shape, chain, kind, check_seed(seed), rounding)

    def _build(
        self,
        shape: tuple[int, ...],
        layers: tuple[Layer, ...],
        dtype: DType,
        seed: int,
        precision: str | None = None,
        *,
        draw: bool = True,
    ) -> None:
        """Make the native network; without `draw` all parameters are 0, to be overwritten."""
        attached = set(vars(self))
        self._native = arrays.native(dtype).Network(
            shape, layers, seed if draw else None, precision is not None
        )
        self.layers = layers
        self.input_shape = shape
        self.output_shape: tuple[int, ...] = self._native.layer_shape(len(layers) - 1)
        self.n_inputs: int = self._native.n_inputs
        self.n_outputs: int = self._native.n_outputs
        self.n_parameters: int = self._native.n_parameters
        self.dtype = dtype
        self.seed = seed
        self.precision = precision
        self.epochs_trained = 0
        self._feature_names = None
        self._output_activation = output_activation(layers)
        self._in_training = _core.TrainingLock()
        self._steps: Any = None  # the native network of one step, where there was one
        self._state: FloatArray | None = None
        self._history: History | None = None
        self._target_spec: tuple[Any, TargetSpec] | None = None  # and the loss whose y it is of
        self._trained_loss: Any = None  # of the last training; a function of a copy is its name
        self._own = frozenset(vars(self)) - attached | {"_own"}

    @property
    def history(self) -> History | None:
        """History of the last training run, even if an exception ended it; None before any."""
        return self._history

    @property
    def parameters(self) -> FloatArray:
        """All parameters as one flat writable view, ``(n_parameters,)``; assigning copies into it.

        Per layer ``W`` as ``(n_out, n_in)`` or ``(filters, kernel ..., channels)``, then ``b``.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network([2, 1], seed=0)
        >>> net.parameters = [1.0, 2.0, 3.0]
        >>> net.predict([[1.0, 1.0]])
        array([[6.]], dtype=float32)
        """
        view: FloatArray = self._native.parameters
        return view

    @parameters.setter
    @error_prefix("Network")
    def parameters(self, values: ArrayLike) -> None:
        shape = (self.n_parameters,)
        new = arrays.as_shape(values, shape, self.dtype, "parameters")
        np.copyto(self._native.parameters, new)

    @property
    def weights(self) -> Views[FloatArray]:
        """Live views per layer with weights, ``(n_in, n_out)``, or as `Conv2D` says."""
        native = self._native
        return Views([native.weight(index) for index in range(native.n_layers)], "weights")

    @property
    def biases(self) -> Views[FloatArray | None]:
        """Live views of the biases per layer with weights, ``(n_out,)``, or None without."""
        return Views([self._native.bias(index) for index in range(self._native.n_layers)], "biases")

    @property
    def recurrent_state(self) -> stepping.RecurrentState | None:
        """The state from which `step`, and training with `carry_state`, go on; None at first.

        One array ``(n_samples, units)`` for each recurrent layer, of an `LSTM` the pair ``(h, c)``:
        writable views, until the next step has a state of its own. Assigning copies; None starts
        anew. Copies, pickles and files of the network do not carry it.
        """
        return stepping.state_views(self)

    @recurrent_state.setter
    def recurrent_state(self, values: Any) -> None:
        stepping.set_state(self, values)

    __reduce__ = serialization.reduced_network
    fit = fitting.fit
    step = stepping.step
    predict, compile = prediction.predict, compiling.compile
    loss = evaluation.loss
    value_and_grad = evaluation.value_and_grad
    backward = evaluation.backward
    activations, diagnose = inside.activations, inside.diagnose
    jacobian = evaluation.jacobian
    parameter_jacobian = derivatives.parameter_jacobian
    hvp, gnvp = derivatives.hvp, derivatives.gnvp
    hessian = derivatives.hessian
    hessian_diagonal = diagonals.hessian_diagonal
    fisher_diagonal = diagonals.fisher_diagonal
    hessian_spectrum = derivatives.hessian_spectrum
    to_c = exporting.to_c
    to_onnx, to_torch = _export.to_onnx, _export.to_torch
    summary = _summary.summary
    __repr__ = _summary.call_text
    __str__ = _summary.layer_table

    def copy(self) -> Network:
        """Return an independent network with the same parameters, seed and count of epochs.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network([2, 1])
        >>> bool((net.copy().parameters == net.parameters).all())
        True
        """
        return copy.copy(self)

    @error_prefix("Network.save")
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file in the safetensors format, to be read by `fm.load`.

        The write is atomic: even after a crash the file is complete or absent. It is written to a
        temporary file in the same folder, flushed to disk and renamed. Links are followed, and the
        mode of an existing file is kept.

        Parameters
        ----------
        path : str or path-like
            The file, which is replaced.

        Raises
        ------
        TypeError, ValueError
            An attached attribute that files do not have; `path` is a folder or a device.
        OSError
            The file cannot be written.

        Examples
        --------
        >>> import fastmlp as fm
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> fm.Network([2, 1], seed=0).save(path)
        >>> print(fm.load(path))
        Network 2-1, float32, seed 0, 0 epochs trained
        layer  shape   activation  parameters
            0  2 -> 1  Identity()           3
        total                               3
        """
        files.save(path, files.network_values(self))

    def __getstate__(self) -> dict[str, Any]:
        """Return the network as a versioned dictionary."""
        return serialization.network_to_dict(self)

    @error_prefix("Network")
    def __setstate__(self, values: Mapping[str, Any]) -> None:
        """Restore from `__getstate__`."""
        if isinstance(values, dict) and values.keys() == {"attributes"}:  # which are put off
            return vars(self).update(values["attributes"])
        specification, epochs_trained = serialization.network_from_dict(values)
        parameters = values["parameters"]
        if isinstance(parameters, layout.Tensors):
            layout.check_size(*specification[:3], parameters.n_elements, parameters.max_time_steps)
        restored = Network.__new__(Network)
        restored._build(*specification, draw=False)
        layout.put(restored, parameters)
        restored.epochs_trained = epochs_trained
        restored._feature_names = as_names(values.get("feature_names_in_"), restored.n_inputs)
        restored._history = history_from_dict(values.get("history"))
        restored._trained_loss = members.loss_from_dict(values.get("loss"), restored)
        self._become(restored, values.get("attributes", {}))
