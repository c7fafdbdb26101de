"""docs/coming_from_torch.md with its blocks of torch (```py), which other tests leave out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
PAGE = Path(__file__).parents[1] / "docs" / "coming_from_torch.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Names of the page after all its code has run, in order."""
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    torch.manual_seed(0)
    found: dict[str, Any] = {}
    blocks = re.findall(r"^```(?:py|python)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 6
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), found)
    return found


def test_both_trainings_learn_the_digits(names: dict[str, Any]) -> None:
    assert float(names["accuracy"]) > 0.97


def test_weights_have_moved_in_both_directions(names: dict[str, Any]) -> None:
    """The page asserts that outputs agree; here what it says of single layers."""
    from torch import nn

    import fastmlp as fm

    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2))
    net = fm.Network([5, 4, 2], activation="tanh", seed=0)
    names["vector_to_parameters"](torch.from_numpy(net.parameters.copy()), model.parameters())
    for layer, linear in enumerate((model[0], model[2])):
        assert np.array_equal(net.weights[layer].T, linear.weight.detach().numpy())
        assert np.array_equal(net.biases[layer], linear.bias.detach().numpy())


def test_the_factor_of_the_squared_error_is_half_the_number_of_outputs() -> None:
    import fastmlp as fm

    draw = np.random.default_rng(0)
    o, y = draw.normal(size=(2, 20, 3))
    theirs = torch.nn.MSELoss()(torch.from_numpy(o), torch.from_numpy(y)).item()
    np.testing.assert_allclose(fm.SquaredError()(o, y).mean(), 3 / 2 * theirs)
