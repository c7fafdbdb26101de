"""The network of a playground as a program for fastmlp or torch, or as JSON."""

from __future__ import annotations

import json
from textwrap import fill

from fastmlp._data.validation import value_error
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
    "hard_tanh": "Hardtanh",
    "leaky_relu": "LeakyReLU",
    "relu": "ReLU",
    "silu": "SiLU",
    **{name: name.title() for name in ("identity", "sigmoid", "softplus", "tanh")},
    **{name: name.upper() for name in ("elu", "gelu", "selu")},
}
FASTMLP_PROGRAM = '''"""The network of a playground, after {epoch} epochs: #{hash}"""

import fastmlp as fm
import numpy as np

net = fm.Network({sizes}, activation={hidden!r}, output={output!r}, dtype="float64")
net.parameters = [
{values}
]


def predict(x, y):
    return net.predict(np.column_stack([{features}]))[:, 0]
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
    return net(torch.stack([{features}], 1))[:, 0]
'''


def exported(model: Model, form: object) -> tuple[str, str]:
    """Return the name and the text of a file in the form "fastmlp", "torch" or "json"."""
    forms = {"fastmlp": ("py", _fastmlp), "torch": ("py", _torch), "json": ("json", _json)}
    if not isinstance(form, str) or form not in forms:
        raise value_error("form", form, f"one of {', '.join(forms)}")
    suffix, write = forms[form]
    return f"playground_{form}.{suffix}", write(model)


def _fastmlp(model: Model) -> str:
    *hidden, output = model.state.activations
    shape = {"sizes": model.state.sizes, "hidden": hidden[0] if hidden else None, "output": output}
    return FASTMLP_PROGRAM.format(**shape, **_parts(model, "np"))


def _torch(model: Model) -> str:
    sizes = model.state.sizes
    lines = [
        f"    torch.nn.Linear({n_in}, {n_out}),\n    torch.nn.{TORCH[activation]}(),"
        for n_in, n_out, activation in zip(sizes, sizes[1:], model.state.activations, strict=False)
    ]
    return TORCH_PROGRAM.format(layers="\n".join(lines), **_parts(model, "torch"))


def _parts(model: Model, module: str) -> dict[str, str]:
    # In both libraries: weights (n_out, n_in), then biases, layer by layer.
    numbers = ", ".join(map(repr, model.network.parameters.tolist()))
    return {
        "epoch": str(model.epoch),
        "hash": model.state.to_hash().encode("unicode_escape").decode().replace('"', '\\"'),
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
            model.state.activations, network.weights, network.biases, strict=True
        )
        if biases is not None
    ]
    told = {"hash": model.state.to_hash(), "epoch": model.epoch, "features": model.state.features}
    return json.dumps({**told, "layers": layers}, indent=1)
