"""Products of bfloat16, against NumPy on rounded operands, and where they are not used."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from forced_threads import forced_threads

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 70)).astype(np.float32)
Y = np.tanh(X[:, :3] + X[:, 3:6])
SIZES = [70, 66, 65, 3]  # the first two layers are rounded, the last one is not: 3 outputs

needs_bf16 = pytest.mark.skipif(
    _core.config()["bf16"] is None, reason="no processor with faster products of bfloat16"
)


def rounded(values: Any) -> Any:
    """To 8 significant bits, to nearest, ties to even."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def exact(values: Any) -> Any:
    return np.asarray(values, np.float64)


def network(sizes: Any = SIZES, precision: str | None = "bf16", **given: Any) -> fm.Network:
    return fm.Network(sizes, activation="relu", seed=1, precision=precision, **given)


def trainer_of(net: fm.Network, **given: Any) -> fm.Trainer:
    settings = {"batch_size": 90, "optimizer": fm.SGD(0.1), "loss": "squared_error", **given}
    return fm.Trainer(net, **settings)


def passes(net: fm.Network, x: Any, y: Any, by: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Outputs and the flat gradient, the operands of the first two layers' products by `by`."""
    (W1, W2, W3), (b1, b2, b3) = (
        [exact(each) for each in views] for views in (net.weights, net.biases)
    )
    h1 = np.maximum(0, by(x) @ by(W1) + b1)
    h2 = np.maximum(0, by(h1) @ by(W2) + b2)
    o = h2 @ W3 + b3
    delta3 = (o - y) / len(x) * scale_of(net, x, y)
    delta2 = delta3 @ W3.T * (h2 > 0)
    delta1 = by(delta2) @ by(W2).T * (h1 > 0)
    parts = [by(delta1).T @ by(x), delta1.sum(0), by(delta2).T @ by(h1), delta2.sum(0)]
    parts += [delta3.T @ h2, delta3.sum(0)]
    return o, np.concatenate([part.ravel() for part in parts])


def scale_of(net: fm.Network, x: Any, y: Any) -> float:
    """What the loss has before sum (o - y)^2 / n, doubled: 1 or 2, by its value."""
    o = exact(net.predict(x))
    return 2 * net.loss(x, y) / (np.square(o - y).sum() / len(x))


def distance(found: Any, expected: Any) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def bits(array: Any) -> bytes:
    return np.asarray(array).tobytes()


@needs_bf16
@pytest.mark.parametrize("n", [16, 37, 90])
def test_predictions_are_those_of_rounded_operands(n: int) -> None:
    net = network()
    expected, _ = passes(net, X[:n], Y[:n], rounded)
    in_full, _ = passes(net, X[:n], Y[:n], exact)
    found = net.predict(X[:n])
    assert distance(found, expected) < 2e-4  # a value at a tie may be rounded the other way
    assert 1e-3 < distance(found, in_full) < 1e-2
    assert net.loss(X[:n], Y[:n]) == pytest.approx(
        scale_of(net, X[:n], Y[:n]) / 2 * np.square(found - Y[:n]).sum() / n, rel=1e-4
    )


@needs_bf16
@pytest.mark.parametrize("n", [16, 37, 90])
def test_gradients_are_those_of_rounded_operands(n: int) -> None:
    net = network()
    found = trainer_of(net).gradient(X[:n], Y[:n])[2]
    _, expected = passes(net, X[:n], Y[:n], rounded)
    _, in_full = passes(net, X[:n], Y[:n], exact)
    assert distance(found, expected) < 3e-4
    assert 1e-3 < distance(found, in_full) < 0.1  # a unit may be on the other side of its kink


@needs_bf16
def test_tied_and_skipped_layers_are_rounded_too() -> None:
    def tied(precision: str | None) -> fm.Network:
        code = fm.Dense(64, "tanh")
        wide = fm.Dense(70, "tanh")
        layers = [wide, fm.Skip(wide), code, fm.Tied(code, "tanh", transposed=True), fm.Dense(3)]
        return fm.Network(layers, inputs=70, seed=2, precision=precision)

    gradients = [trainer_of(tied(p)).gradient(X, Y)[2] for p in (None, "bf16")]
    assert 5e-4 < distance(gradients[1], gradients[0]) < 2e-2
    numbers = [tied(p).predict(X) for p in (None, "bf16")]
    assert 5e-4 < distance(numbers[1], numbers[0]) < 2e-2


def trained(precision: str | None, n_threads: int, **given: Any) -> tuple[bytes, ...]:
    net = fm.Network(
        [fm.Dropout(0.2), fm.Dense(130, "gelu"), fm.Dense(97, "relu"), fm.Dense(3)],
        inputs=70,
        seed=4,
        precision=precision,
    )
    with forced_threads(n_threads):
        trainer = trainer_of(net, optimizer=fm.Adam(1e-3), **given)
        result = trainer.run(np.tile(X, (30, 1)), np.tile(Y, (30, 1)), epochs=2, verbose=False)
        outputs = net.predict(X)
    return bits(net.parameters), bits(outputs), bits(result["loss"])


@pytest.mark.parametrize("batch_size", [33, 128, 2700])
def test_bits_do_not_depend_on_the_number_of_threads(batch_size: int) -> None:
    runs = {trained("bf16", n_threads, batch_size=batch_size) for n_threads in (1, 2, 3)}
    assert len(runs) == 1
    assert _core.config()["bf16"] is None or runs != {trained(None, 1, batch_size=batch_size)}


def check_exact(sizes: Any, n: int, **given: Any) -> None:
    """All results are those of float32 to the bit."""
    nets = [network(sizes, precision) for precision in (None, "bf16")]
    for net in nets:
        trainer_of(net, **given).run(X[:n, : net.n_inputs], Y[:n], epochs=2, verbose=False)
    assert len({bits(net.parameters) for net in nets}) == 1
    assert len({bits(net.predict(X[:n, : net.n_inputs])) for net in nets}) == 1


def test_narrow_layers_small_batches_and_few_rows_are_in_float32() -> None:
    check_exact([70, 63, 3], 90)
    check_exact([63, 70, 3], 90)
    check_exact(SIZES, 15, batch_size=15)
    wide = [network(SIZES, precision) for precision in (None, "bf16")]
    assert len({net.loss(X[:15], Y[:15]) for net in wide}) == 1


@pytest.mark.parametrize("optimizer", [fm.LBFGS(), fm.HessianFree(), fm.NonlinearCG()])
def test_searches_are_in_float32(optimizer: Any) -> None:
    nets = [network(SIZES, precision) for precision in (None, "bf16")]
    for net in nets:
        trainer_of(net, optimizer=optimizer).run(X, Y, epochs=3, verbose=False)
    assert len({bits(net.parameters) for net in nets}) == 1


def test_derivatives_are_in_float32() -> None:
    nets = [network(SIZES, precision) for precision in (None, "bf16")]
    v = RNG.normal(size=nets[0].n_parameters).astype(np.float32)
    for ask in (
        lambda net: net.value_and_grad(X, Y)[1],
        lambda net: net.hvp(X, Y, v),
        lambda net: net.gnvp(X, Y, v),
        lambda net: net.jacobian(X[:20]),
        lambda net: net.backward(X, Y),
        lambda net: net.fisher_diagonal(X, Y),
    ):
        assert len({bits(ask(net)) for net in nets}) == 1


def test_other_layers_are_in_float32() -> None:
    layers = [fm.Conv1D(64, 3), fm.Recurrent(64), fm.Dense(3)]
    nets = [fm.Network(layers, inputs=(10, 7), seed=0, precision=p) for p in (None, "bf16")]
    for net in nets:
        trainer_of(net).run(X, Y, epochs=2, verbose=False)
    assert len({bits(net.parameters) for net in nets}) == 1


@needs_bf16
def test_a_wide_layer_beside_others_is_rounded() -> None:
    def mixed(precision: str | None) -> fm.Network:
        layers = [fm.Conv1D(8, 3, "relu"), fm.Dense(64, "relu"), fm.Dense(3)]
        return fm.Network(layers, inputs=(10, 7), seed=0, precision=precision)

    gradients = [trainer_of(mixed(p)).gradient(X, Y)[2] for p in (None, "bf16")]
    assert 5e-4 < distance(gradients[1], gradients[0]) < 2e-2


def test_precision_is_kept_by_copies_pickles_files_and_texts(tmp_path: Path) -> None:
    net = network()
    net.save(tmp_path / "net.safetensors")
    others = [
        copy.copy(net),
        copy.deepcopy(net),
        net.copy(),
        pickle.loads(pickle.dumps(net)),
        fm.load(tmp_path / "net.safetensors"),
    ]
    for other in others:
        assert other.precision == "bf16"
        assert bits(other.predict(X)) == bits(net.predict(X))
    assert repr(net).endswith("dtype='float32', seed=1, precision='bf16')")
    assert str(net).startswith("Network 70-66-65-3, float32 with bf16 products, seed 1")
    with pytest.raises(AttributeError, match=r"precision"):
        net.precision = None  # type: ignore[misc]
    plain = network(precision=None)
    assert plain.precision is None
    assert "precision" not in plain.__getstate__()
    assert "precision" not in repr(plain)


def test_a_trainer_goes_on_from_its_file_with_the_same_bits(tmp_path: Path) -> None:
    whole, first = (trainer_of(network(), optimizer=fm.Adam(), batch_size=30) for _ in range(2))
    whole.run(X, Y, epochs=4, verbose=False)
    first.run(X, Y, epochs=2, verbose=False)
    first.save(tmp_path / "trainer.safetensors")
    second = fm.Trainer.load(tmp_path / "trainer.safetensors")
    second.run(X, Y, epochs=2, verbose=False)
    assert second.network.precision == "bf16"
    assert bits(second.network.parameters) == bits(whole.network.parameters)


def test_a_checkpoint_of_another_precision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trainer_of(network()).run(X, Y, epochs=1, checkpoint=path, verbose=False)
    with pytest.raises(ValueError, match=r"a run with precision='bf16', expected None"):
        trainer_of(network(precision=None)).run(X, Y, epochs=2, checkpoint=path, verbose=False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"precision": "fp16"}, r"Network: precision='fp16', expected 'bf16', or None"),
        ({"precision": 16}, r"Network: precision=16, expected 'bf16', or None"),
        (
            {"precision": "bf16", "dtype": "float64"},
            r"Network: precision='bf16', expected None with dtype='float64', or dtype='float32'",
        ),
    ],
)
def test_other_precisions_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fm.Network([2, 1], **given)


def test_estimators_have_the_parameter(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", minversion="1.6")
    from sklearn.base import clone

    from fastmlp.sklearn import MLPClassifier, MLPRegressor

    labels = (Y[:, 0] > 0).astype(int)
    given = {"hidden_layer_sizes": (80,), "max_iter": 3, "random_state": 0}
    with pytest.warns(UserWarning, match="converge"):
        models = [MLPClassifier(precision=p, **given).fit(X, labels) for p in (None, "bf16")]
    rounding = models[1]
    assert rounding.get_params()["precision"] == "bf16"
    assert clone(rounding).precision == "bf16"
    assert rounding._model.network.precision == "bf16"
    if _core.config()["bf16"] is not None:
        assert bits(rounding.coefs_[0]) != bits(models[0].coefs_[0])
    rounding.save(tmp_path / "model.safetensors")
    for other in (
        pickle.loads(pickle.dumps(rounding)),
        MLPClassifier.load(tmp_path / "model.safetensors"),
    ):
        assert bits(other.predict_proba(X)) == bits(rounding.predict_proba(X))
        assert other._model.network.precision == "bf16"
    with pytest.warns(UserWarning, match="converge"):
        regressor = MLPRegressor(precision="bf16", **given).fit(X.astype(np.float64), Y)
    assert regressor.coefs_[0].dtype == np.float32
    adopted = MLPRegressor.from_network(network())
    assert bits(pickle.loads(pickle.dumps(adopted)).predict(X)) == bits(adopted.predict(X))
    assert adopted.precision == "bf16"
    with pytest.raises(ValueError, match=r"precision='half', expected 'bf16', or None"):
        MLPRegressor(precision="half").fit(X, Y)
