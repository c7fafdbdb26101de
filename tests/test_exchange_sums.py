"""Sums of layers of different kinds come back from torch and ONNX, and messages call samples n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from exchange_cases import samples

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
nn = torch.nn

from hostile_onnx import W, model, node  # noqa: E402  needs onnx


def kept(first: Any, *others: Any) -> list[Any]:
    """The first layer, others, and a sum with the first."""
    return [first, *others, fm.Skip(first)]


SUMS: dict[str, Callable[[], list[Any]]] = {
    "steps and positions": lambda: kept(fm.GRU(4, sequences=True), fm.Conv1D(4, 1)),
    "positions and steps": lambda: kept(fm.Conv1D(4, 1), fm.LSTM(4, sequences=True)),
    "the last state": lambda: kept(fm.GRU(4), fm.Dense(4)),
    "both directions": lambda: kept(fm.Bidirectional(fm.GRU(2)), fm.Dense(4)),
    "two and one": lambda: kept(fm.Bidirectional(fm.GRU(2, sequences=True)),
                                fm.GRU(4, sequences=True)),
    "one and two": lambda: kept(fm.GRU(4, sequences=True),
                                fm.Bidirectional(fm.GRU(2, sequences=True)), fm.Dropout(0.1)),
    "the input": lambda: [fm.GRU(2, sequences=True), fm.Skip("input")],
    "one unit": lambda: kept(fm.Recurrent(1, sequences=True), fm.Conv1D(1, 1)),
    "pooled": lambda: kept(fm.LSTM(3, sequences=True), fm.MaxPool1D(1)),
    "twice": lambda: [*kept(fm.GRU(4, sequences=True), fm.Conv1D(4, 1)), fm.Dense(3)],
}  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("way", ["torch", "onnx"])
def test_a_sum_with_a_recurrent_layer_comes_back(name: str, way: str) -> None:
    net = fm.Network(SUMS[name](), inputs=(5, 2), seed=0)
    X = samples(net)
    if way == "torch":
        back = fm.from_torch(net.to_torch())
    else:
        made = net.to_onnx()
        del made.metadata_props[:]  # as another program would have written it
        back = fm.from_onnx(made)
    np.testing.assert_allclose(back.predict(X), net.predict(X), atol=1e-6)
    assert [type(layer) for layer in back.layers if not isinstance(layer, fm.Dropout)] == [
        type(layer) for layer in net.layers if not isinstance(layer, fm.Dropout)
    ]


class Written(nn.Module):  # type: ignore[misc, name-defined]
    """Layers a, 3 to 3, and g, 3 to 4, and a forward of its own."""

    def __init__(self, forward: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.steps, self.a, self.g = forward, nn.Linear(3, 3), nn.GRU(3, 4, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.steps(self, x)


MESSAGES: dict[str, tuple[Callable[[Any, Any], Any], Any, str]] = {
    "a sum": (lambda m, x: m.g(m.a(x))[0] + x, (5, 3), r"shapes \(n, 5, 4\) and \(n, 5, 3\)"),
    "a join": (lambda m, x: m.a(m.a(x).reshape(-1)), 3, r"expected \(3, 3 n\)"),
    "a product": (lambda m, x: m.a(m.a(x).transpose(0, 1)), 3, r"expected \(3, n\)"),
    "a reshape": (lambda m, x: m.a(x).view(x.size(0) * 3, 7), 3, r"\(n, 3\) to \(3 n, 7\)"),
    "a sample": (lambda m, x: m.a(x)[0], 3, "it takes one sample, expected all"),
    "a quotient": (lambda m, x: m.a(x) / x.size(0), 3, "arithmetic with the number of samples"),
    "a shift": (lambda m, x: m.a(x) + x.shape[0] * 2, 3, "arithmetic with the number of samples"),
    "no axis": (lambda m, x: m.a(x).squeeze(0), 3, r"of shape \(n, 3\), expected lengths 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_call_the_number_of_samples_n(name: str) -> None:
    forward, inputs, message = MESSAGES[name]
    with pytest.raises(ValueError, match=message) as caught:
        fm.from_torch(Written(forward), inputs)
    assert "00000" not in str(caught.value)


def test_messages_about_files_call_the_number_of_samples_n() -> None:
    nodes = [node("MatMul", "X", "W", "a"), node("Slice", "a", "s", "e", "Y")]
    cut = model(nodes, {**W, "s": np.array([1]), "e": np.array([9])})
    with pytest.raises(fm.ModelFileError, match="it takes some samples, expected all"):
        fm.from_onnx(cut)
    repeated = [node("Shape", "X", "s"), node("ConstantOfShape", "s", "c"),
                node("MatMul", "X", "c", "Y")]  # fmt: skip
    mean = [node("MatMul", "X", "W", "a"), node("Shape", "X", "s"), node("Gather", "s", "k", "n"),
            node("Cast", "n", "f", to=1), node("Div", "a", "f", "Y")]  # fmt: skip
    with pytest.raises(fm.ModelFileError, match="arithmetic with the number of samples"):
        fm.from_onnx(model(mean, {**W, "k": np.array(0)}))
    with pytest.raises(fm.ModelFileError, match=r"a number repeated to shape \(n, 3\), expected"):
        fm.from_onnx(model(repeated))
