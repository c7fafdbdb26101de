"""`carry_state=True` beside torch's own layers in the usual loop, whose states are detached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from carried_cases import CARRIED, NETS, flat_state, make, pieces_of

torch = pytest.importorskip("torch")

STEPS = 25


class Pieces:
    """The outputs of piece after piece, of flat parameters w; the states are kept, detached."""

    def __init__(self, net: fm.Network) -> None:
        self.layers = net.layers
        self.states: list[Any] = [None] * len(net.layers)

    def __call__(self, w: Any, x: Any) -> Any:
        start = 0
        for index, layer in enumerate(self.layers):
            name = type(layer).__name__
            gates, biases = {"Recurrent": (1, 1), "GRU": (3, 4), "LSTM": (4, 4)}.get(name, (1, 1))
            units = layer.filters if name == "Conv1D" else layer.units
            features, recurs = x.shape[-1], name not in ("Conv1D", "Dense")
            shape = (gates * units, features + units * recurs)
            W = w[start : start + shape[0] * shape[1]].reshape(shape)
            b = w[start + W.numel() : start + W.numel() + biases * units]
            start += W.numel() + b.numel()
            if not recurs:
                x = x @ W.T + b
                continue
            zeros = x.new_zeros(gates * units)
            b_h = torch.cat([zeros[: 2 * units], b[3 * units :]]) if name == "GRU" else zeros
            weights = [W[:, :features], W[:, features:], b[: gates * units], b_h]
            x = self.run(index, layer, name, weights, x)
            x = x if layer.sequences else x[:, -1]
        return x

    def run(self, index: int, layer: Any, name: str, weights: list[Any], x: Any) -> Any:
        h = x.new_zeros(1, len(x), layer.units)
        state = self.states[index] or ((h, h) if name == "LSTM" else (h,))
        options = (True, 1, 0.0, True, False, True)  # the last: x is (n, time, features)
        if name == "LSTM":
            outputs, *after = torch.lstm(x, state, weights, *options)
        elif name == "GRU":
            outputs, *after = torch.gru(x, state[0], weights, *options)
        elif type(layer.activation).__name__ == "Tanh":
            outputs, *after = torch.rnn_tanh(x, state[0], weights, *options)
        else:
            W_x, W_h, b, _ = weights
            h, steps = state[0][0], []
            for t in range(x.shape[1]):
                h = torch.nn.functional.softplus(x[:, t] @ W_x.T + h @ W_h.T + b)
                steps.append(h)
            outputs, after = torch.stack(steps, 1), [h[None]]
        self.states[index] = tuple(each.detach() for each in after)
        return outputs

    def flat_state(self) -> Any:
        states = [each for state in self.states if state is not None for each in state]
        return np.concatenate([each[0].numpy() for each in states], axis=1)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("n", [1, 40])
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-12), ("float32", 1e-4)])
def test_training_is_that_of_torch_with_detached_states(
    name: str, n: int, dtype: str, bound: float
) -> None:
    """Losses, states and parameters of 25 updates of Adam, clipped by norm."""
    net = make(name, dtype=dtype)
    X, y = pieces_of(net, n, STEPS)
    theirs = Pieces(net)
    w = torch.from_numpy(net.parameters.astype(float)).requires_grad_()
    adam = torch.optim.Adam([w], 0.01)
    trainer = fm.Trainer(net, optimizer=fm.Adam(0.01, clip_norm=0.5), **CARRIED)
    for Xb, yb in zip(X, y, strict=True):
        outputs = theirs(w, torch.from_numpy(Xb.astype(float)))
        value = 0.5 * ((outputs - torch.from_numpy(yb.astype(float))) ** 2).sum() / n
        adam.zero_grad()
        value.backward()
        w.grad *= min(1.0, 0.5 / w.grad.norm().item())
        adam.step()
        assert trainer.step(Xb, yb) == pytest.approx(value.item(), rel=bound)
        np.testing.assert_allclose(flat_state(net), theirs.flat_state(), rtol=0, atol=bound)
    ours = w.detach().numpy()
    np.testing.assert_allclose(net.parameters, ours, rtol=0, atol=bound)
