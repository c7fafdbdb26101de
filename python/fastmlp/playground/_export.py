"""The network of a playground as a program for fastmlp or torch, as JSON, or as a file."""

from __future__ import annotations

import base64
import tempfile
from itertools import pairwise
from pathlib import Path
from textwrap import fill

from fastmlp._data.validation import value_error
from fastmlp.playground._json import encoded
from fastmlp.playground._model import Model

FORMULAS = {
    "x": "x",
    "y": "y",
    "x_squared": "x * x",
    "y_squared": "y * y",
    "x_times_y": "x * y",
    "sin_x": "{module}.sin(x)",
    "sin_y": "{module}.sin(y)",
}
TORCH = {
    "hard_sigmoid": "Hardsigmoid()",
    "hard_tanh": "Hardtanh()",
    "leaky_relu": "LeakyReLU()",
    "relu": "ReLU()",
    "silu": "SiLU()",
    "softmax": "Softmax(1)",
    **{
        name: f"{name.title()}()"
        for name in ("identity", "mish", "sigmoid", "softplus", "softsign", "tanh")
    },
    **{name: f"{name.upper()}()" for name in ("elu", "gelu", "selu")},
}
FASTMLP_PROGRAM = '''"""The network of a playground, after {epoch} epochs: #{hash}"""

import fastmlp as fm
import numpy as np

layers = [
{layers}
]
net = fm.Network(layers, inputs={n_inputs}, dtype="float64")
net.parameters = [
{values}
]


def predict(x, y):
    return net.predict(np.column_stack([{features}])){columns}
'''
TORCH_PROGRAM = '''"""The network of a playground, after {epoch} epochs: #{hash}"""

import torch

net = torch.nn.Sequential(
{layers}
).double()
values = [
{values}
]
torch.nn.utils.vector_to_parameters(torch.tensor(values, dtype=torch.float64), net.parameters())


@torch.no_grad()
def predict(x, y):
    return net(torch.stack([{features}], 1)){columns}
'''


def exported(model: Model, form: object) -> dict[str, str]:
    """Return the name of a file in the form asked for, and its text, or its bytes in base 64."""
    forms = {"fastmlp": ("py", _fastmlp), "torch": ("py", _torch), "json": ("json", _json)}
    if form == "safetensors":
        return {"file": "playground.safetensors", "base64": _safetensors(model)}
    if not isinstance(form, str) or form not in forms:
        raise value_error("form", form, f"one of {', '.join([*forms, 'safetensors'])}")
    suffix, write = forms[form]
    return {"file": f"playground_{form}.{suffix}", "text": write(model)}


def _fastmlp(model: Model) -> str:
    n_inputs, *units = model.state.sizes
    pairs = zip(units, model.state.layer_activations, strict=True)
    lines = [f"    fm.Dense({n_out}, {activation!r})," for n_out, activation in pairs]
    parts = {"layers": "\n".join(lines), "n_inputs": n_inputs, **_parts(model, "np")}
    return FASTMLP_PROGRAM.format(**parts)


def _torch(model: Model) -> str:
    triples = zip(pairwise(model.state.sizes), model.state.layer_activations, strict=True)
    lines = [
        f"    torch.nn.Linear({n_in}, {n_out}),\n    torch.nn.{TORCH[activation]},"
        for (n_in, n_out), activation in triples
    ]
    return TORCH_PROGRAM.format(layers="\n".join(lines), **_parts(model, "torch"))


def _parts(model: Model, module: str) -> dict[str, str]:
    # In both libraries: weights (n_out, n_in), then biases, layer by layer.
    numbers = ", ".join(map(repr, model.network.parameters.tolist()))
    return {
        "epoch": str(model.epoch),
        "hash": model.state.to_hash().encode("unicode_escape").decode().replace('"', '\\"'),
        "columns": "" if model.state.has_classes else "[:, 0]",
        "values": fill(numbers, 96, initial_indent="    ", subsequent_indent="    ") + ",",
        "features": ", ".join(FORMULAS[name] for name in model.state.features).format(
            module=module
        ),
    }


def _json(model: Model) -> str:
    network = model.network
    layers = [
        {"activation": activation, "weights": weights.T.tolist(), "biases": biases.tolist()}
        for activation, weights, biases in zip(
            model.state.layer_activations, network.weights, network.biases, strict=True
        )
        if biases is not None
    ]
    told = {"hash": model.state.to_hash(), "epoch": model.epoch, "features": model.state.features}
    return encoded({**told, "layers": layers}, indent=1).decode()


def _safetensors(model: Model) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "playground.safetensors")
        model.network.save(path)
        return base64.b64encode(path.read_bytes()).decode()
