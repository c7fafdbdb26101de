"""`fm.from_torch` of modules that do more than return new tensors: changes in place, hooks."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

torch = pytest.importorskip("torch")
from torch.nn.utils import prune  # noqa: E402  needs torch

nn, F = torch.nn, torch.nn.functional


class Written(nn.Module):  # type: ignore[misc, name-defined]
    """Layers a, b and r, 3 to 3, and a forward of its own."""

    def __init__(self, forward: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.steps, self.a, self.b = forward, nn.Linear(3, 3), nn.Linear(3, 3)
        self.r, self.drop, self.last = nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(3, 3)

    def forward(self, x: Any) -> Any:
        return self.steps(self, x)


def after(change: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Read the output of a after it was changed; what the change returns is not used."""

    def forward(m: Any, x: Any) -> Any:
        h = m.a(x)
        change(m, h)
        return m.b(h)

    return forward


def both(m: Any, x: Any) -> Any:
    h = m.a(x)
    g = m.r(h)
    return m.b(g) + h


def input_first(m: Any, x: Any) -> Any:
    x.mul_(2)
    return m.a(x)


def returned(m: Any, x: Any) -> Any:
    h = m.a(x)
    h.tanh_()
    return h


def older(m: Any, x: Any) -> Any:
    """Two names of one tensor: also the other one changes."""
    h = g = m.a(x)
    h += 1.0
    return m.b(g)


REFUSED: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "a module": (after(lambda m, h: m.r(h)), r"'r' \(ReLU\)"),
    "the same module twice": (lambda m, x: after(lambda m, h: m.r(h))(m, m.r(m.last(x))), "'r_1'"),
    "a function": (after(lambda m, h: F.relu(h, inplace=True)), r"'relu' \(relu\)"),
    "by position": (after(lambda m, h: F.elu(h, 1.0, True)), r"'elu' \(elu\)"),
    "by name": (after(lambda m, h: F.relu(input=h, inplace=True)), r"'relu' \(relu\)"),
    "relu_": (after(lambda m, h: torch.relu_(h)), r"\(relu_\)"),
    "sigmoid_": (after(lambda m, h: torch.sigmoid_(h)), r"\(sigmoid_\)"),
    "tanh_": (after(lambda m, h: h.tanh_()), r"\(tanh_\)"),
    "mul_": (after(lambda m, h: h.mul_(2)), r"\(mul_\)"),
    "add_": (after(lambda m, h: h.add_(1)), r"\(add_\)"),
    "unsqueeze_": (after(lambda m, h: h.unsqueeze_(1)), r"\(unsqueeze_\)"),
    "iadd": (after(lambda m, h: operator.iadd(h, 1.0)), r"\(iadd\)"),
    "a result": (after(lambda m, h: torch.tanh(m.last(h), out=h)), r"\(tanh\)"),
    "a view": (after(lambda m, h: h.view(-1, 3).relu_()), r"\(relu_\)"),
    "a part": (after(lambda m, h: h[:, -1].mul_(2)), r"\(mul_\)"),
    "behind dropout": (after(lambda m, h: m.drop(h).relu_()), r"\(relu_\)"),
    "its shape": (after(lambda m, h: h.unsqueeze_(1).reshape(h.size(0), 3)), r"\(unsqueeze_\)"),
    "the input": (input_first, r"\(mul_\)"),
    "the output": (returned, r"\(tanh_\)"),
    "read with its result": (both, r"\(ReLU\)"),
    "two names": (older, r"\(iadd\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_read_after_a_change_in_place_is_refused(name: str) -> None:
    forward, node = REFUSED[name]
    text = rf"^fm\.from_torch: module .*{node}.*: it changes in place what '\w+' reads after it, "
    with pytest.raises(ValueError, match=text):
        fm.from_torch(Written(forward), 3)


def block(m: Any, x: Any) -> Any:
    h = m.r(m.a(x))
    y = m.b(h)
    y += h
    return m.last(y)


GOOD: dict[str, Callable[[Any, Any], Any]] = {
    "a module": lambda m, x: m.b(m.r(m.a(x))),
    "functions": lambda m, x: F.elu(m.b(torch.tanh_(m.a(x))), inplace=True),
    "a residual sum": block,
    "the input": lambda m, x: m.a(x.mul_(2)),
    "two in a row": lambda m, x: m.a(x.sub_(0.5).div_(2)),
    "its size": lambda m, x: (lambda h: m.b(m.r(h).view(h.size(0), h.shape[1])))(m.a(x)),
    "two dropouts": lambda m, x: m.b(F.dropout(m.a(x), 0.5, False, True)),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_change_in_place_whose_old_tensor_is_not_read_again_is_read(name: str) -> None:
    module = Written(GOOD[name]).eval()
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(X.copy())).numpy()
    np.testing.assert_allclose(fm.from_torch(module, 3).predict(X), expected, atol=1e-6)


def doubled(module: Any, inputs: Any, output: Any) -> Any:
    return 2 * output


def shifted(module: Any, inputs: Any) -> Any:
    return (inputs[0] + 1,)


HOOKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "of a layer": (lambda net: net[1][0].register_forward_hook(doubled), r"'1\.0' \(Linear\)"),
    "before a layer": (lambda net: net[0].register_forward_pre_hook(shifted), r"'0' \(Linear\)"),
    "of a container": (lambda net: net[1].register_forward_hook(doubled), r"'1' \(Sequential\)"),
    "of the root": (lambda net: net.register_forward_hook(doubled), r"'' \(Sequential\)"),
    "before the root": (lambda net: net.register_forward_pre_hook(shifted), r"'' \(Sequential\)"),
    "with keywords": (lambda net: net[0].register_forward_hook(
        lambda *_, **kwargs: None, with_kwargs=True), r"'0' \(Linear\)"),
    "of normal weights": (lambda net: nn.utils.spectral_norm(net[0]), r"'0' \(Linear\)"),
    "of pruning": (lambda net: prune.l1_unstructured(net[0], "weight", 0.5), r"'0' \(Linear\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOOKS)
def test_forward_hooks_are_refused_by_their_module(name: str) -> None:
    """They may change inputs, outputs or weights, and torch.fx does not see them."""
    register, module = HOOKS[name]
    net = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 2)))
    register(net)
    with pytest.raises(
        ValueError, match=rf"^fm\.from_torch: module {module}: it has forward hooks"
    ):
        fm.from_torch(net)


def test_forward_hooks_of_a_lone_layer_and_of_all_modules_are_refused() -> None:
    layer = nn.Linear(3, 2)
    hook = layer.register_forward_hook(doubled)
    with pytest.raises(ValueError, match=r"^fm\.from_torch: module '' \(Linear\): it has forward"):
        fm.from_torch(layer)
    hook.remove()
    for register in (
        nn.modules.module.register_module_forward_hook,
        nn.modules.module.register_module_forward_pre_hook,
    ):
        hook = register(lambda *_: None)
        try:
            with pytest.raises(ValueError, match="torch has forward hooks of all modules"):
                fm.from_torch(layer)
        finally:
            hook.remove()
    assert fm.from_torch(layer).n_parameters == 8


def test_normalised_weights_are_read_once_their_hook_is_removed() -> None:
    """The weight of before is not that of the forward."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = nn.utils.weight_norm(nn.Linear(3, 2))
    layer.weight_g.data.fill_(5.0)
    with pytest.raises(ValueError, match="expected none: remove them, as remove_weight_norm does"):
        fm.from_torch(nn.Sequential(layer))
    X = np.ones((2, 3), np.float32)
    expected = layer(torch.from_numpy(X)).detach().numpy()
    nn.utils.remove_weight_norm(layer)
    np.testing.assert_allclose(fm.from_torch(layer).predict(X), expected, atol=1e-6)
