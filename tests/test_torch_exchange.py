"""`Network.to_torch` and `fm.from_torch`: both ways for random networks, and what is refused."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from exchange_cases import difference, random_net, samples
from fastmlp import _core

torch = pytest.importorskip("torch")
from torch_cases import FUNCTIONAL  # noqa: E402  needs torch

nn, functional = torch.nn, torch.nn.functional
# Activations that torch's recurrent modules have.
RECURRENT = {fm.Recurrent: ["tanh", "relu"], fm.GRU: ["tanh"], fm.LSTM: ["tanh"]}
BOUNDS = {"float32": 2e-6, "float64": 1e-12}  # float32: sums of up to 600 products before a softmax


def outputs(module: Any, X: Any) -> Any:
    with torch.no_grad():
        return module(torch.from_numpy(np.ascontiguousarray(X))).numpy()


def check(seed: int, dtype: str) -> None:
    net = random_net(seed, dtype, RECURRENT)
    X, module = samples(net), net.to_torch()
    assert difference(outputs(module, X), net.predict(X)) < BOUNDS[dtype]
    back = fm.from_torch(module)
    np.testing.assert_array_equal(back.predict(X), net.predict(X))
    assert [type(layer) for layer in back.layers] == [type(layer) for layer in net.layers]
    np.testing.assert_array_equal(back.parameters, net.parameters)


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("seed", range(16))
def test_random_networks_give_equal_outputs_both_ways(seed: int, dtype: str) -> None:
    check(seed, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("seed", range(16, 200))
def test_200_random_networks_give_equal_outputs_both_ways(seed: int, dtype: str) -> None:
    check(seed, dtype)


@pytest.mark.parametrize("name", _core.activations)
def test_every_activation_exists_there(name: str) -> None:
    """Also far from 0."""
    net = fm.Network([fm.Dense(61, name), fm.Dense(61)], inputs=61, dtype="float64", seed=0)
    net.weights[0][...] = net.weights[1][...] = np.eye(61)
    X = np.diag(np.linspace(-60, 60, 61)) + np.linspace(-3, 3, 61)
    assert difference(outputs(net.to_torch(), X), net.predict(X)) < 1e-14
    assert fm.from_torch(net.to_torch()).layers[0] == net.layers[0].replace(init="glorot_uniform")


def test_gradients_are_ours_also_of_shared_weights() -> None:
    """The module trains as the network does: one parameter has the sum over its uses."""
    first = fm.Dense(4, "tanh")
    net = fm.Network([first, fm.Tied(first), fm.Skip("input")], inputs=3, dtype="float64", seed=0)
    X, upstream = samples(net), np.random.default_rng(2).normal(size=(9, 3))
    module = net.to_torch()
    (module(torch.from_numpy(X)) * torch.from_numpy(upstream)).sum().backward()
    g = np.concatenate([each.grad.numpy().ravel() for each in module.parameters()])
    np.testing.assert_allclose(g, net.backward(X, upstream), atol=1e-13)


def test_the_module_has_a_copy_in_evaluation_mode() -> None:
    net = fm.Network([fm.Dense(3), fm.Dropout(0.5), fm.Dense(2)], inputs=2, seed=0)
    module, X = net.to_torch(), samples(net)
    before = net.predict(X)
    np.testing.assert_array_equal(outputs(module, X), outputs(module, X))
    for parameter in module.parameters():
        parameter.data.zero_()
    np.testing.assert_array_equal(net.predict(X), before)
    kinds = [type(each) for each in module]
    assert kinds == [nn.Linear, nn.Dropout, nn.Linear]


def test_no_random_number_of_torch_is_drawn() -> None:
    state = torch.get_rng_state()
    fm.from_torch(random_net(3, "float32", RECURRENT).to_torch())
    assert torch.equal(torch.get_rng_state(), state)


def test_modules_can_be_pickled() -> None:
    net = random_net(1, "float32", RECURRENT)
    file = io.BytesIO()
    torch.save(net.to_torch(), file)
    file.seek(0)
    module = torch.load(file, weights_only=False)
    assert difference(outputs(module, samples(net)), net.predict(samples(net))) < 1e-6


class Written(nn.Module):  # type: ignore[misc, name-defined]
    """A module with a forward of its own."""

    def __init__(self, forward: Callable[[Any, Any], Any], **modules: Any) -> None:
        super().__init__()
        self.steps = forward
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x: Any) -> Any:
        return self.steps(self, x)


def normalized(module: Any) -> Any:
    """With running statistics and weights that are not those of the start."""
    for each in module.modules():
        if hasattr(each, "running_mean"):
            each.running_mean.normal_()
            each.running_var.uniform_(0.5, 2.0)
            each.weight.data.normal_()
            each.bias.data.normal_()
    return module


def digits(m: Any, x: Any) -> Any:
    x = functional.relu(functional.max_pool2d(m.a(x), 2))
    x = torch.flatten(m.drop(functional.gelu(m.b(x))), 1)
    return functional.softmax(m.c(x), dim=1)


def residual(m: Any, x: Any) -> Any:
    h = torch.tanh(m.a(x))
    return m.c(h + m.b(h).sigmoid())


def ends(m: Any, x: Any) -> Any:
    _, (h, _) = m.a(x)
    return m.b(torch.cat((h[-2], h[-1]), 1))


def viewed(m: Any, x: Any) -> Any:
    x = functional.elu(m.b(m.a((x - 0.5) / 2.0)), 0.7)
    return m.c(x.view(x.size(0), -1))


MODULES: dict[str, tuple[Callable[[], Any], tuple[int, ...], Any]] = {
    "linear": (lambda: nn.Linear(4, 3), (4,), None),
    "mlp": (lambda: nn.Sequential(nn.Linear(4, 5), nn.SiLU(), nn.Sequential(
        nn.Linear(5, 3), nn.SELU())), (4,), None),
    "batch normalization": (lambda: normalized(nn.Sequential(
        nn.BatchNorm1d(4), nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.BatchNorm1d(5),
        nn.Linear(5, 1), nn.Sigmoid())), (4,), None),
    "digits": (lambda: Written(digits, a=nn.Conv2d(1, 4, 3), b=nn.Conv2d(4, 6, 3, 2, 1),
                               drop=nn.Dropout(0.3), c=nn.Linear(54, 3)), (1, 14, 14), (14, 14, 1)),
    "normalized images": (lambda: normalized(nn.Sequential(
        nn.BatchNorm2d(2), nn.Conv2d(2, 5, 3), nn.BatchNorm2d(5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(5, 4, 1, padding="same"), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 2))), (2, 8, 8), (8, 8, 2)),
    "sequence": (lambda: normalized(Written(viewed, a=nn.Conv1d(2, 4, 3), b=nn.BatchNorm1d(4),
                                            c=nn.Linear(24, 3))), (2, 8), (8, 2)),
    "residual": (lambda: Written(residual, a=nn.Linear(4, 8), b=nn.Linear(8, 8),
                                 c=nn.Linear(8, 2)), (4,), None),
    "both ends": (lambda: Written(ends, a=nn.LSTM(3, 4, batch_first=True, bidirectional=True),
                                  b=nn.Linear(8, 2)), (6, 3), (6, 3)),
    "stacked": (lambda: Written(lambda m, x: m.b(m.a(x)[0][:, -1]), b=nn.Linear(4, 2),
                                a=nn.GRU(3, 4, 2, batch_first=True, dropout=0.1)), (6, 3), (6, 3)),
    "tagger": (lambda: Written(lambda m, x: m.b(m.a(x)[0]).softmax(-1), b=nn.Linear(4, 2),
                               a=nn.RNN(3, 4, nonlinearity="relu", batch_first=True)),
               (6, 3), (6, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("dtype", BOUNDS)
def test_modules_of_others_give_equal_outputs(name: str, dtype: str) -> None:
    """Channels, which are first there, are last here."""
    make, shape, inputs = MODULES[name]
    torch.manual_seed(0)
    module = make().eval().to(getattr(torch, dtype))
    X = np.random.default_rng(0).normal(size=(5, *shape)).astype(dtype)
    ours = np.moveaxis(X, 1, -1) if inputs not in (None, shape) else X
    net = fm.from_torch(module, inputs)
    expected = outputs(module, X)
    assert net.dtype == dtype
    assert difference(net.predict(ours).reshape(expected.shape), expected) < BOUNDS[dtype]


def test_steps_come_second_where_torch_has_them_first() -> None:
    module = Written(lambda m, x: m.b(m.a(x)[1][-1]), a=nn.GRU(3, 4), b=nn.Linear(4, 2))
    X = np.random.default_rng(0).normal(size=(6, 5, 3)).astype(np.float32)
    net = fm.from_torch(module, (6, 3))
    assert difference(net.predict(X.transpose(1, 0, 2)), outputs(module, X)) < 1e-6


def test_shared_weights_remain_shared() -> None:
    module = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Tanh(), nn.Linear(3, 3))
    module[2].weight = module[0].weight
    net = fm.from_torch(module)
    assert net.layers[1] == fm.Tied(net.layers[0], transposed=False)  # type: ignore[arg-type]
    X = samples(net)
    assert difference(net.predict(X), outputs(module, X)) < 1e-6


def test_a_state_dict_of_linear_layers_is_read() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2, bias=False), nn.Sigmoid())
    net = fm.from_torch(module.state_dict(), activation="tanh", output="sigmoid")
    X = samples(net)
    assert difference(net.predict(X), outputs(module, X)) < 1e-6
    with pytest.raises(ValueError, match=r"^fm\.from_torch: 0\.weight has shape \(4, 1, 3, 3\), "):
        fm.from_torch(nn.Sequential(nn.Conv2d(1, 4, 3)).state_dict())
    with pytest.raises(ValueError, match=r"^fm\.from_torch: 2\.weight has shape \(2, 4\), "):
        fm.from_torch(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(4, 2)).state_dict())
    with pytest.raises(ValueError, match=r"^fm\.from_torch: inputs=3, expected None or 4"):
        fm.from_torch(module.state_dict(), 3)
    with pytest.raises(ValueError, match=r"^fm\.from_torch: module=\{\}, expected at least one"):
        fm.from_torch({})


REFUSED: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "layer norm": (lambda: nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)), None,
                   r"module '_1' \(LayerNorm\): no counterpart"),
    "groups": (lambda: nn.Conv2d(2, 2, 3, groups=2), (8, 8, 2), "groups=2, expected 1: "),
    "circular": (lambda: nn.Conv1d(2, 2, 3, padding=1, padding_mode="circular"), (8, 2),
                 "padding_mode='circular', expected 'zeros': "),
    "means": (lambda: nn.AvgPool2d(3, 1, 1), (8, 8, 2), "count_include_pad=True, expected False"),
    "ceil": (lambda: nn.MaxPool2d(2, ceil_mode=True), (5, 5, 2), "ceil_mode=True adds a window"),
    "gelu": (lambda: nn.Sequential(nn.Linear(3, 3), nn.GELU("tanh")), None,
             "approximate='tanh', expected 'none': the values of gelu are others"),
    "softplus": (lambda: nn.Sequential(nn.Linear(3, 3), nn.Softplus()).double(), None,
                 "threshold=20.0, expected at least 36.0 in float64"),
    "clipped": (lambda: nn.Sequential(nn.Linear(3, 3), nn.ReLU6()), None, r"\(ReLU6\): no count"),
    "dim": (lambda: nn.Sequential(nn.Linear(3, 3), nn.Softmax(0)), None, "softmax along axis 0"),
    "after pooling": (lambda: nn.Sequential(nn.AvgPool2d(2), nn.Tanh()), (4, 4, 1),
                      "tanh of AveragePool, expected it after weights"),
    "twice": (lambda: nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Tanh()), None,
              "an activation of: "),
    "last of both": (lambda: Written(lambda m, x: m.a(x)[0][:, -1], a=nn.GRU(
        3, 4, batch_first=True, bidirectional=True)), (6, 3), "the last step of both directions"),
    "used twice": (lambda: Written(lambda m, x: m.b(m.a(x)) + m.a(x), a=nn.Linear(3, 3),
                                   b=nn.Linear(3, 3)), None, "it reads an earlier layer"),
    "before and after": (lambda: Written(lambda m, x: (lambda z: z + m.b(z.tanh()))(m.a(x)),
                                         a=nn.Linear(3, 3), b=nn.Linear(3, 3)), None,
                         "an output of Gemm is used in two ways"),
    "decisions": (lambda: Written(lambda m, x: m.a(x) if x.sum() > 0 else x, a=nn.Linear(3, 3)),
                  None, "torch.fx cannot follow its forward"),
    "no shape": (lambda: nn.Conv2d(1, 2, 3), None, "inputs=None, expected its shape"),
    "a factor": (lambda: Written(lambda m, x: m.a(x).tanh() * 2.0, a=nn.Linear(3, 3)), None,
                 "a factor or a shift is left"),
    **{name: (partial(Written, f, a=nn.Linear(3, 3)), 3, f"module '{name.split()[0][:6]}.*{why}")
       for name, (f, why) in FUNCTIONAL.items()},
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_differs_is_refused_with_the_reason(name: str) -> None:
    make, inputs, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as caught:
        fm.from_torch(make(), inputs)
    assert str(caught.value).startswith("fm.from_torch: ")
    assert type(caught.value) is ValueError


def test_arguments_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^fm\.from_torch: module=3 \(int\), expected a torch"):
        fm.from_torch(3)
    with pytest.raises(
        TypeError, match=r"^fm\.from_torch: inputs='a' \(str\), expected an integer"
    ):
        fm.from_torch(nn.Linear(2, 1), "a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^fm\.from_torch: a name of the weights=3 \(int\), "):
        fm.from_torch({3: np.ones((2, 2))})
    with pytest.raises(ValueError, match=r"^fm\.from_torch: activation='relu', expected None"):
        fm.from_torch(nn.Linear(2, 1), activation="relu")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (fm.Recurrent(2, "sigmoid"), "expected one that torch has there: tanh, relu"),
        (fm.GRU(2, "relu"), "expected one that torch has there: tanh$"),
        (fm.LSTM(2, "softplus"), "expected one that torch has there: tanh$"),
    ],
)
def test_recurrent_layers_that_torch_has_not_are_refused(layer: Any, message: str) -> None:
    net = fm.Network([layer], inputs=(3, 2), seed=0)
    with pytest.raises(ValueError, match=r"^Network\.to_torch: layers\[0\]=.*" + message):
        net.to_torch()


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    text = r'needs torch; install it with: pip install "fastmlp\[torch\]"'
    with pytest.raises(ImportError, match=r"^Network\.to_torch " + text):
        fm.Network([2, 1], seed=0).to_torch()
    with pytest.raises(ImportError, match=r"^fm\.from_torch " + text):
        fm.from_torch(3)
