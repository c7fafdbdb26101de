"""What all functions of `fastmlp.plot` promise: axes, errors, extras, colours."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from fastmlp import plot
from fastmlp.plot import _axes
from plot_cases import BAD, BY_SKLEARN, CALLS, HISTORY, NET, X, Y, new_axes

colors = pytest.importorskip("matplotlib.colors")
pyplot = pytest.importorskip("matplotlib.pyplot")


def contents(ax: Any) -> tuple[Any, ...]:
    """What an error must leave as it was."""
    texts = ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale(), ax.get_yscale(), ax.get_title()
    return (*ax.get_children(), *ax.figure.axes, *texts, *ax.get_xlim(), *ax.get_ylim())


def test_every_function_has_a_case() -> None:
    assert CALLS.keys() | {"misread_digits"} == set(plot.__all__)
    assert {name for name, *_ in BAD} == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_axes_that_are_given_are_drawn_on_and_returned(name: str) -> None:
    ax = new_axes()
    before = contents(ax)
    assert CALLS[name](ax=ax) is ax
    assert contents(ax) != before
    assert ax.get_xlabel()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", CALLS)
def test_without_axes_one_figure_is_made(name: str) -> None:
    ax = CALLS[name]()
    assert [pyplot.figure(number) for number in pyplot.get_fignums()] == [ax.figure]
    assert ax.figure.get_layout_engine().colorbar_gridspec is False  # a constrained layout
    pyplot.close(ax.figure)


@pytest.mark.parametrize("name", CALLS)
def test_pictures_can_be_saved_without_a_warning(name: str) -> None:
    CALLS[name](ax=new_axes()).figure.canvas.draw()


@pytest.mark.parametrize(("name", "arguments", "options", "message"), BAD)
def test_bad_arguments_are_named_and_leave_the_axes(
    name: str, arguments: Any, options: Any, message: str
) -> None:
    ax = new_axes()
    before = contents(ax)
    is_kind = re.search(r"\(\w+\\?\), expected|is of type", message)
    with pytest.raises(TypeError if is_kind else ValueError, match=f"^{name}: .*{message}"):
        getattr(plot, name)(*arguments, **options, ax=ax)
    assert contents(ax) == before
    with pytest.raises((TypeError, ValueError)):
        getattr(plot, name)(*arguments, **options)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("calibration", (NET, X, Y[:9]), "inconsistent numbers of samples"),
        ("calibration", (NET, X[:, :1], Y), "X has 1 features"),
        ("confusion_matrix", (NET, X, Y[:9]), "inconsistent numbers of samples"),
        ("partial_dependence", (NET, X, 2), "features"),
        ("partial_dependence", (NET, X, "width"), "'width' not in"),
        ("permutation_importance", (NET, X, Y[:9]), "inconsistent numbers of samples"),
    ],
)
def test_errors_of_scikit_learn_leave_the_axes_too(name: str, arguments: Any, message: str) -> None:
    ax = new_axes()
    before = contents(ax)
    with pytest.raises(ValueError, match=message):
        getattr(plot, name)(*arguments, ax=ax)
    assert contents(ax) == before
    with pytest.raises(ValueError, match=message):
        getattr(plot, name)(*arguments)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", CALLS)
def test_other_things_than_axes_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name}: ax=3 \(int\), expected a matplotlib.axes.Axes"):
        CALLS[name](ax=3)


def test_importing_it_imports_neither_matplotlib_nor_scikit_learn() -> None:
    code = (
        "import sys, fastmlp; assert 'fastmlp.plot' not in sys.modules\n"
        "import fastmlp.plot\n"
        "assert not {'matplotlib', 'sklearn', 'fastmlp.sklearn'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", CALLS)
def test_without_matplotlib_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [module for module in sys.modules if module.startswith("matplotlib")]:
        monkeypatch.setitem(sys.modules, module, None)
    text = r'fastmlp\.plot needs matplotlib; install it with: pip install "fastmlp\[plot\]"'
    with pytest.raises(ImportError, match=f"^{text}$"):
        CALLS[name]()


@pytest.mark.parametrize("name", BY_SKLEARN)
def test_without_scikit_learn_the_extra_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [module for module in sys.modules if module.startswith("sklearn")]:
        monkeypatch.setitem(sys.modules, module, None)
    text = r'fastmlp\.plot needs scikit-learn; install it with: pip install "fastmlp\[sklearn\]"'
    with pytest.raises(ImportError, match=f"^{text}$"):
        CALLS[name]()


def seen_without_green(color: str) -> Any:
    """A colour as it looks to a reader without green cones (Viénot, Brettel & Mollon 1999)."""
    linear = np.power(colors.to_rgb(color), 2.2)
    to_cones = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
    )
    lost = np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]])
    seen = np.linalg.inv(to_cones) @ lost @ to_cones @ linear
    return np.clip(seen, 0, 1) ** (1 / 2.2)


def test_colours_are_told_apart_by_colour_blind_readers() -> None:
    seen = [seen_without_green(color) for color in _axes.COLORS]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert np.linalg.norm(one - other) > 0.13
    np.testing.assert_allclose(seen_without_green("white"), 1, atol=0.01)
    confused = seen_without_green("#C00000"), seen_without_green("#6E6000")
    assert np.linalg.norm(confused[0] - confused[1]) < 0.13


def test_lines_differ_in_more_than_their_colour() -> None:
    lines = [tuple(_axes.line_style(index).values()) for index in range(28)]
    marks = [tuple(_axes.marker_style(index).values()) for index in range(7)]
    assert len(set(lines)) == 28
    assert len(set(marks)) == len({marker for _, marker in marks}) == 7
    assert all(len({*lines[i : i + 4]}) == len({s for _, s in lines[i : i + 4]}) for i in range(24))


def test_models_and_histories_are_not_changed() -> None:
    before = NET.parameters.copy(), {name: list(values) for name, values in HISTORY.items()}
    for call in CALLS.values():
        call(ax=new_axes())
    np.testing.assert_array_equal(NET.parameters, before[0])
    assert before[1] == HISTORY
    assert (X.shape, Y.shape) == ((40, 2), (40,))
