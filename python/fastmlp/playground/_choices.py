"""What the controls of a playground offer, by the names in its URL."""

from __future__ import annotations

from fastmlp import _core

MAX_LAYERS, MAX_UNITS, MAX_CLASSES = 32, 256, 6
OWN_ACTIVATIONS = (
    *("hard_tanh", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu", "softmax", "mish"),
    *("hard_sigmoid", "softsign"),
)
# Name in the URL: fastmlp's. "sign", through which no gradient passes, is left out, and what torch
# has no module for.
ACTIVATIONS = {
    **{"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "linear": "identity"},
    **{name: name for name in OWN_ACTIVATIONS},
}
# The losses of each kind of problem, the default first, and the output's activation with each.
# Labels are -1 and 1 in a classification of two classes, 0, 1, ... in one of more.
LOSSES: dict[str, dict[str, str]] = {
    "classification": {
        **{"squared_error": "tanh", "absolute_error": "tanh", "huber": "tanh"},
        **{"binary_cross_entropy": "sigmoid", "hinge": "identity", "perceptron": "identity"},
    },
    "classes": {"cross_entropy": "softmax", "squared_error": "softmax", "hinge": "identity"},
    "regression": dict.fromkeys(("squared_error", "absolute_error", "huber"), "identity"),
}
OPTIMIZERS = (*_core.optimizers, *_core.methods)
CHOICES: dict[str, tuple[str, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "optimizer": OPTIMIZERS,
    "rival_optimizer": ("none", *OPTIMIZERS),
    "schedule": tuple(_core.schedules),
    "loss": ("default", *dict.fromkeys(name for some in LOSSES.values() for name in some)),
    "regularization": ("none", "L1", "L2"),
    "problem": ("classification", "regression"),
    "dataset": ("circle", "xor", "gauss", "spiral", "own"),
    "reg_dataset": ("reg-plane", "reg-gauss", "own"),
}
FEATURES = ("x", "y", "x_squared", "y_squared", "x_times_y", "sin_x", "sin_y")
# Parameters up to which a step of a method, with its dense matrix or its many products, is short.
MAX_PARAMETERS = {
    **dict.fromkeys(("bfgs", "newton", "levenberg_marquardt"), 1000),
    **dict.fromkeys(("saddle_free_newton", "hessian_free"), 20_000),
}
