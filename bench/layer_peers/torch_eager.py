"""torch.nn: modules in a Sequential, channels first."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import fastmlp as fm
from bench.layer_peers import Step

RECURRENT = {fm.Recurrent: torch.nn.RNN, fm.GRU: torch.nn.GRU, fm.LSTM: torch.nn.LSTM}


def version() -> str:
    return f"torch {torch.__version__}"


def step_of(net: fm.Network, X: Any, y: Any, rate: float) -> Step:
    return step_by(network(net), net, X, y, rate)


def step_by(model: Any, net: fm.Network, X: Any, y: Any, rate: float) -> Step:
    """A step of SGD of the model on the batch of the network."""
    images = len(net.input_shape) == 3
    inputs = torch.from_numpy(X.transpose(0, 3, 1, 2).copy() if images else X)
    targets = torch.from_numpy(y)
    rule = torch.optim.SGD(model.parameters(), rate)

    def step() -> float:
        rule.zero_grad()
        value = torch.nn.functional.cross_entropy(model(inputs), targets)
        value.backward()
        rule.step()
        return float(value.item())

    return step


def network(net: fm.Network) -> torch.nn.Sequential:
    """The same layers and parameters, without the output activation."""
    modules: list[torch.nn.Module] = []
    parameters = iter(zip(net.weights, net.biases, strict=True))
    channels, flat = net.input_shape[-1], len(net.input_shape) < 3
    for layer in net.layers:
        if isinstance(layer, fm.MaxPool2D):
            modules.append(torch.nn.MaxPool2d(layer.size))
            continue
        W, b = next(parameters)
        if type(layer) in RECURRENT:
            modules.append(LastStep(layer, channels, W, b))
        elif isinstance(layer, fm.Conv2D):
            padding = 0 if layer.padding == "valid" else layer.padding
            convolution: Any = torch.nn.Conv2d(channels, layer.filters, layer.kernel, 1, padding)
            channels = layer.filters
            fill(convolution, W.transpose(3, 2, 0, 1), b)
            modules += [convolution, torch.nn.ReLU()]
        else:
            weight = W.T
            if not flat:  # from (y, x, channels)
                modules.append(torch.nn.Flatten())
                by_channel = weight.reshape(len(weight), -1, channels)
                weight, flat = by_channel.transpose(0, 2, 1).reshape(weight.shape), True
            modules += [fill(torch.nn.Linear(*W.shape), weight, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def fill(module: torch.nn.Module, *values: Any) -> torch.nn.Module:
    """Copy the values into the parameters, in order."""
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(np.array(value)))
    return module


class LastStep(torch.nn.Module):  # type: ignore[misc]
    """The last output of a recurrent layer, with the parameters of one of fastmlp.

    torch learns two biases, of W x and of U h: the second is 0, but for the candidate of a GRU.
    """

    def __init__(self, layer: Any, features: int, W: Any, b: Any) -> None:
        super().__init__()
        columns = W.shape[1]
        inner = np.zeros(columns, np.float32)
        if isinstance(layer, fm.GRU):
            inner[-columns // 3 :] = b[columns:]
        module = RECURRENT[type(layer)](features, layer.units, batch_first=True)
        self.recurrent = fill(module, W[:features].T, W[features:].T, b[:columns], inner)

    def forward(self, x: Any) -> Any:
        return self.recurrent(x)[0][:, -1]
