"""The one list of parameters: their order in scikit-learn, what is valid, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

from fastmlp import _core
from fastmlp._data.validation import (
    InvalidValue,
    check_bool,
    check_int,
    check_non_negative,
    check_positive,
    resolve,
    type_error,
    value_error,
)
from fastmlp.layers import Layer
from fastmlp.sklearn._constraints import (
    ARRAY_LIKE,
    BOOLEANS,
    INFINITY,
    RANDOM_STATES,
    Constraint,
    check_parameter,
    integer,
    one_of,
    real,
)


class Parameter(NamedTuple):
    """A parameter that scikit-learn has too."""

    name: str
    kind: str
    constraints: tuple[Constraint, ...]
    doc: str


SCIKIT_LEARN = (
    Parameter(
        "hidden_layer_sizes",
        "int or array_like of int, default (100,)",
        (ARRAY_LIKE, integer(1)),
        "Units of each hidden layer; ``()`` makes a linear model.",
    ),
    Parameter(
        "solver",
        '{"adam", "sgd", "lbfgs"}, default "adam"',
        (one_of(("lbfgs", "sgd", "adam")),),
        '"lbfgs" is SciPy\'s L-BFGS-B on all samples. Ignored where `optimizer` is given.',
    ),
    Parameter(
        "alpha",
        "float, default 0.0001",
        (real("[0.0, inf)"),),
        "Factor of the penalty ``alpha / 2 sum W**2``, which is divided by the batch's weight.",
    ),
    Parameter(
        "batch_size",
        'int or "auto", default "auto"',
        (one_of(("auto",)), integer(1)),
        'Samples per update; "auto" means 200, or all samples if there are fewer.',
    ),
    Parameter(
        "learning_rate",
        '{"constant", "invscaling", "adaptive"}, default "constant"',
        (one_of(("constant", "invscaling", "adaptive")),),
        'For "sgd". invscaling divides by ``(t + 1)**power_t`` after each epoch, t being '
        "the number of samples seen; adaptive divides by 5 when the loss or score stalls.",
    ),
    Parameter(
        "learning_rate_init",
        "float, default 0.001",
        (real("(0.0, inf)"),),
        'Initial learning rate of "sgd" and "adam".',
    ),
    Parameter("power_t", "float, default 0.5", (real("[0.0, inf)"),), "Exponent of invscaling."),
    Parameter(
        "max_iter",
        "int, default 200",
        (integer(1),),
        "Maximum number of epochs, or of iterations of second-order methods.",
    ),
    Parameter("shuffle", "bool, default True", BOOLEANS, "Shuffle the samples in each epoch."),
    Parameter(
        "random_state",
        "int, RandomState or None, default None",
        RANDOM_STATES,
        "Seed of initial weights, split and order. With an int each call restarts the generator.",
    ),
    Parameter(
        "tol",
        "float, default 0.0001",
        (real("[0.0, inf)"),),
        "Minimum decrease of the loss, or increase of the score, that counts as an improvement.",
    ),
    Parameter(
        "verbose", "bool or int, default False", (integer(0), *BOOLEANS), "Print each epoch."
    ),
    Parameter(
        "warm_start",
        "bool, default False",
        BOOLEANS,
        "Start from the weights of the last fit; other layer sizes raise an error.",
    ),
    Parameter("momentum", "float, default 0.9", (real("[0.0, 1.0]"),), 'Momentum of "sgd".'),
    Parameter(
        "nesterovs_momentum", "bool, default True", BOOLEANS, 'Nesterov\'s momentum for "sgd".'
    ),
    Parameter(
        "early_stopping",
        "bool, default False",
        BOOLEANS,
        "Hold out samples, stop when their score stalls and keep the weights of the best epoch.",
    ),
    Parameter(
        "validation_fraction",
        "float, default 0.1",
        (real("[0.0, 1.0)"),),
        "Fraction of the samples that early stopping holds out, unless `fit` receives `X_val`.",
    ),
    Parameter("beta_1", "float, default 0.9", (real("[0.0, 1.0)"),), "Decay of Adam's first mean."),
    Parameter(
        "beta_2", "float, default 0.999", (real("[0.0, 1.0)"),), "Decay of Adam's second mean."
    ),
    Parameter("epsilon", "float, default 1e-8", (real("(0.0, inf)"),), "Adam's eps."),
    Parameter(
        "n_iter_no_change",
        "int or inf, default 10",
        (integer(1), INFINITY),
        "Number of epochs without improvement that are tolerated; the next one ends training.",
    ),
    Parameter(
        "max_fun", "int, default 15000", (integer(1),), 'Maximum of loss evaluations by "lbfgs".'
    ),
)

# Parameters that scikit-learn does not have: name, kind, description.
EXTRAS = (
    (
        "optimizer",
        "str or optimizer, default None",
        'Any of fastmlp\'s, such as ``"nadam"`` or ``fm.LBFGS()``, instead of `solver`. Its '
        "fields are parameters too: ``set_params(optimizer__learning_rate=0.01)``.",
    ),
    (
        "output_activation",
        "str or activation, default None",
        "Activation of the last layer; by default that of scikit-learn, and identity for losses of "
        "labels -1 and 1, such as hinge. Sigmoids of several classes do not sum to 1.",
    ),
    (
        "dropout",
        "float or list of float, default 0.0",
        "Dropout rate after each hidden layer, or a list with one rate per layer.",
    ),
    ("input_noise", "float, default 0.0", "Standard deviation of Gaussian noise added to X."),
    (
        "class_weight",
        'dict, list of dict or "balanced", default None',
        "Factors of the sample weights, as for other classifiers of scikit-learn.",
    ),
    (
        "callbacks",
        "list of objects, default None",
        "As for `fm.Network.fit`; logs have loss, val_loss and val_score.",
    ),
    ("max_seconds", "float, default None", "Time limit of training."),
    ("n_threads", "int, default None", "Maximum number of threads; results do not depend on it."),
    ("l1", "float, default 0.0", "Factor of the penalty ``l1 sum |W|``, not divided by anything."),
    ("max_norm", "float, default None", "Upper bound of the norm of each unit's input weights."),
    (
        "stratify",
        "bool, default False",
        "Stratify the early-stopping split also if there are more than two classes.",
    ),
    (
        "scoring",
        "str or callable, default None",
        "Scorer of early stopping, any of scikit-learn's; by default accuracy or R².",
    ),
    (
        "layers",
        "list of layers, default None",
        "Layers such as ``[fm.Dense(50, 'relu'), fm.Dense(10, 'softmax')]``, including the output, "
        "instead of `hidden_layer_sizes`, `activation`, `output_activation`, `dropout`, "
        "`input_noise` and `max_norm`.",
    ),
    (
        "comm",
        "communicator, default None",
        "The ranks of a data-parallel training, as for `fm.Network.fit`: each calls `fit` with its "
        "own rows, in which all classes occur.",
    ),
    ("precision", '{"bf16"}, default None', "As of `fm.Network`, for X in single precision."),
)

ACTIVATION = (
    "activation",
    'str, activation or list of these, default "relu"',
    'Activation of the hidden layers: "relu", "tanh", "logistic", "identity", or any of '
    "fastmlp's, or a list with one per layer.",
)


def check_parameters(owner: str, given: Mapping[str, Any]) -> None:
    """Raise at the first parameter that is not valid; `owner` is the class."""
    for name, _, constraints, _ in SCIKIT_LEARN:
        if name in given:
            check_parameter(owner, name, given[name], constraints)
    _check_sizes(given["hidden_layer_sizes"])
    for name in ("l1", "input_noise"):
        check_non_negative(given[name], name)
    if given["layers"] is not None:
        _check_layers(given["layers"])
    check_bool(given.get("stratify", False), "stratify")
    for name, check in (("max_seconds", check_non_negative), ("max_norm", check_positive)):
        if given[name] is not None:
            check(given[name], name)
    if given["n_threads"] is not None:
        check_int(given["n_threads"], "n_threads", min=1)
    if given["optimizer"] is not None:
        resolve("optimizer", given["optimizer"])
    if given["comm"] is not None:
        _check_shared(given)


def _check_shared(given: Mapping[str, Any]) -> None:
    """Raise at what needs all samples in one process."""
    if given["early_stopping"]:
        expected = "False, as comm is given: no rank has all samples, to hold some out"
        raise value_error("early_stopping", True, expected)
    if isinstance(weights := given.get("class_weight"), str):
        expected = "weights or None, as comm is given: no rank has all samples"
        raise value_error("class_weight", weights, expected)


def _check_sizes(sizes: Any) -> None:
    sizes = list(sizes) if hasattr(sizes, "__len__") else [sizes]
    for size in sizes:
        if isinstance(size, Real) and size <= 0:
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        check_int(size, "hidden_layer_sizes", min=1)


def _check_layers(layers: Any) -> None:
    expected = "a list of layers such as fm.Dense"
    if not isinstance(layers, (list, tuple)) or not all(isinstance(x, Layer) for x in layers):
        raise type_error("layers", layers, expected)
    if not layers:
        raise value_error("layers", layers, expected)
    if not layers[-1].can_be_output:
        expected = "a last layer other than dropout and noise, such as Dense"
        raise value_error(f"layers[{len(layers) - 1}]", layers[-1], expected)


def rates(dropout: Any, n_hidden: int) -> list[float]:
    """Return the rate of dropout behind each hidden layer."""
    if isinstance(dropout, (list, tuple)):
        if len(dropout) != n_hidden:
            raise value_error("dropout", dropout, f"one rate for each of {n_hidden} hidden layers")
        return [_rate(rate) for rate in dropout]
    return [_rate(dropout)] * n_hidden


def _rate(value: Any) -> float:
    rate = check_non_negative(value, "dropout")
    if rate >= 1:
        raise value_error("dropout", value, "0 <= dropout < 1")
    return rate


def activations(owner: str, given: Any, n_hidden: int) -> list[Any]:
    """Return the activations of the hidden layers as values; "logistic" is our sigmoid."""
    if isinstance(given, (list, tuple)):
        if len(given) != n_hidden:
            raise value_error("activation", given, f"one for each of {n_hidden} hidden layers")
        return [activation(owner, member) for member in given]
    return [activation(owner, given)] * n_hidden


def activation(owner: str, given: Any) -> Any:
    """Return an activation by its name in scikit-learn or here, or as it is."""
    try:
        return resolve("activation", "sigmoid" if given == "logistic" else given)
    except InvalidValue:
        check_parameter(owner, "activation", given, (one_of(known_activations()),))
        raise
    except TypeError:
        raise type_error("activation", given, "a name, an activation, or a list of these") from None


def known_activations() -> set[str]:
    """Return the names of all activations, scikit-learn's among them."""
    return {"logistic", *_core.activations}
