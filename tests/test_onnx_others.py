"""`fm.from_onnx` of files that torch and scikit-learn have written."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from exchange_cases import difference
from reference import Array

onnx = pytest.importorskip("onnx")


def draws(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape)


def exported(module: Any, x: Any) -> Any:
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (x,), file, dynamo=False, input_names=["X"], dynamic_axes={"X": {0: "n"}}
        )
    return onnx.ModelProto.FromString(file.getvalue())


def test_a_convolutional_network_of_torch_is_read() -> None:
    torch = pytest.importorskip("torch")
    nn, functional = torch.nn, torch.nn.functional

    class Digits(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.normal = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)
            self.dropout, self.linear = nn.Dropout(0.2), nn.Linear(36, 3)

        def forward(self, x: Any) -> Any:
            x = functional.silu(self.normal(self.convolution(x)))
            x = self.dropout(functional.max_pool2d(x, 2))
            return functional.softmax(self.linear(x.view(x.size(0), -1)), dim=1)

    torch.manual_seed(0)
    module, X = Digits(), draws(5, 1, 8, 8).astype(np.float32)
    model = exported(module, torch.from_numpy(X))
    expected = module(torch.from_numpy(X)).detach().numpy()
    net = fm.from_onnx(model)
    assert difference(net.predict(X.transpose(0, 2, 3, 1)), expected) < 1e-6


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("both", [False, True])
def test_recurrent_networks_of_torch_are_read(kind: str, both: bool) -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Ends(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.cell = getattr(nn, kind)(3, 4, batch_first=True, bidirectional=both)
            self.linear = nn.Linear(4 + 4 * both, 2)

        def forward(self, x: Any) -> Any:
            outputs, state = self.cell(x)
            h = state[0] if kind == "LSTM" else state
            return self.linear(torch.cat((h[-2], h[-1]), 1) if both else outputs[:, -1])

    torch.manual_seed(0)
    module, X = Ends(), draws(5, 6, 3).astype(np.float32)
    expected = module(torch.from_numpy(X)).detach().numpy()
    net = fm.from_onnx(exported(module, torch.from_numpy(X)))
    assert difference(net.predict(X), expected) < 1e-6


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scaled", [False, True])
def test_a_classifier_of_scikit_learn_is_read(n_classes: int, scaled: bool) -> None:
    """Its probabilities, of two classes that of the second; with the scaler before it."""
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = draws(60, 4).astype(np.float32), np.arange(60) % n_classes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model: Any = MLPClassifier((6,), "tanh", max_iter=5, random_state=0)
        model = (make_pipeline(StandardScaler(), model) if scaled else model).fit(X, y)
    net = fm.from_onnx(skl2onnx.to_onnx(model, X[:1], options={"zipmap": False}))
    expected = model.predict_proba(X).astype(np.float32)
    expected = expected[:, 1:] if n_classes == 2 else expected
    np.testing.assert_allclose(net.predict(X), expected, atol=1e-6)
