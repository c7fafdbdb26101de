"""What `fm.Laplace` refuses, and how it says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from laplace_cases import case

REGRESSION = ([[-1.0], [0.0], [2.0]], [0.0, 1.0, 1.5])


@pytest.mark.parametrize(
    ("make", "keywords", "message"),
    [
        (
            lambda: fm.Network([1, 2, 1]),
            {"loss": "huber"},
            "Laplace: loss='huber', expected one of: squared_error on identity, cross_entropy on "
            "softmax, binary_cross_entropy on sigmoid; the output is Identity()",
        ),
        (lambda: fm.Network([1, 2, 1]), {"loss": lambda o, y: (o, y)}, "loss='a function', exp"),
        (lambda: fm.Network([1, 2, 1], output="tanh"), {}, "the output is Tanh()"),
        (lambda: fm.Network([1, 2, 2]), {"loss": "gaussian_nll"}, "loss='gaussian_nll', expected"),
        (lambda: fm.Network([1, 2, 1]), {"structure": "block"}, "structure='block', expected one"),
        (
            lambda: fm.Network([1, 2, 1]),
            {"structure": ["full"]},
            "structure=['full'], expected",
        ),
        (
            lambda: fm.Network([1, 2, 1]),
            {"prior_precision": 0},
            "Laplace: prior_precision=0, expected a finite number > 0",
        ),
        (lambda: fm.Network([1, 2, 1]), {"noise": -1}, "noise=-1, expected a finite number > 0"),
        (
            lambda: fm.Network([1, 2, 1], output="sigmoid"),
            {"noise": 1, "y": [0, 1, 1]},
            "Laplace: noise=1, expected None, as loss='binary_cross_entropy' has none",
        ),
        (
            lambda: fm.Network([fm.Conv1D(1, 1), fm.Dense(1)], inputs=(1, 1)),
            {"structure": "kronecker"},
            "Laplace: structure='kronecker', expected 'last_layer' or 'full', as layers[0] is Conv",
        ),
        (
            lambda: fm.Network([fm.Dense(2, "softmax"), fm.Dense(1)], inputs=1),
            {"structure": "diagonal"},
            "structure='diagonal', expected 'last_layer' or 'full', as layers[0] is Dense(units=2",
        ),
        (
            lambda: fm.Network([fm.Conv1D(1, 1)], inputs=(1, 1)),
            {},
            "output_shape=(1, 1), expected one axis",
        ),
        (
            lambda: fm.Network([first := fm.Dense(2), fm.Tied(first)], inputs=1),
            {},
            "Laplace: structure='last_layer', expected 'full', as the last layer is Tied(",
        ),
        (
            lambda: fm.Network([1, 100_000, 1]),
            {"structure": "full"},
            "Laplace: 3 matrices of 300001 x 300001 numbers: 2160.0 GB, expected at most the",
        ),
        (
            lambda: fm.Network([1, 300_000, 1]),
            {},
            "GB; use structure='kronecker'",
        ),
        (
            lambda: fm.Network([1, 300_000, 1]),
            {"structure": "kronecker"},
            "use structure='diagonal'",
        ),
        (
            lambda: fm.Network([1, 2, 1], init="zeros"),
            {},
            "Laplace: the parameters are all 0, expected prior_precision to be given",
        ),
        (
            lambda: fm.Network([fm.Dense(1, bias=False)], inputs=1, dtype="float64"),
            {"X": [[0.0], [0.0], [0.0]]},
            "the derivatives of the outputs are all 0, expected prior_precision to be given",
        ),
        (
            lambda: fm.Network([1, 1], init=fm.ConstantInit(1.0), dtype="float64"),
            {"y": [-1.0, 0.0, 2.0]},
            "Laplace: the network fits y without error, expected noise to be given",
        ),
        (lambda: fm.Network([1, 1]), {"X": [[1], [np.nan], [2]]}, "Laplace: X[1, 0]=nan, expected"),
        (lambda: fm.Network([1, 1]), {"y": [0, np.inf, 1]}, "Laplace: y[1, 0]=inf, expected"),
        (lambda: fm.Network([1, 1]), {"sample_weight": [0, 0, 0]}, "the weights are all 0"),
    ],
)
def test_what_does_not_work_is_refused(make: Any, keywords: dict[str, Any], message: str) -> None:
    X, y = REGRESSION
    arguments = {"X": X, "y": y} | keywords
    with pytest.raises(ValueError, match=r"^Laplace: ") as raised:
        fm.Laplace(make(), **arguments)
    assert message in str(raised.value)


def test_invalid_calls_of_methods_are_refused() -> None:
    net = fm.Network([1, 2, 1], seed=0)
    regression = fm.Laplace(net, *REGRESSION)
    labels = fm.Laplace(fm.Network([1, 2, 1], output="sigmoid", seed=0), REGRESSION[0], [0, 1, 1])
    X = REGRESSION[0]
    for call, message in (
        (lambda: regression.predict(X, samples=9), "samples=9, expected None, as outputs of a"),
        (lambda: labels.predict(X, seed=3), "seed=3, expected None, as samples is not given"),
        (lambda: labels.predict(X, samples=0), "samples=0, expected an integer >= 1"),
        (lambda: regression.predict([[1, 2]]), "X has shape (1, 2), expected (n_samples, 1)"),
    ):
        with pytest.raises(ValueError, match=r"^Laplace.predict: ") as raised:
            call()
        assert message in str(raised.value)
    with pytest.raises(TypeError, match=r"^Laplace.predict: include_noise='no' \(str\), expected"):
        regression.predict(X, include_noise="no")  # type: ignore[arg-type]
    for laplace, name, value, message in (
        (labels, "noise", 1, "noise=1, expected None, as a classification has none"),
        (regression, "noise", 0, "noise=0, expected a finite number > 0"),
        (regression, "prior_precision", -1, "prior_precision=-1, expected a finite number > 0"),
    ):
        before = getattr(laplace, name)
        with pytest.raises(ValueError, match=r"^Laplace: ") as raised:
            setattr(laplace, name, value)
        assert message in str(raised.value)
        assert getattr(laplace, name) == before


def test_a_covariance_that_exceeds_the_memory_is_refused() -> None:
    net = fm.Network([1, 100_000, 1], seed=0)
    laplace = fm.Laplace(net, *REGRESSION, structure="diagonal")
    with pytest.raises(ValueError, match=r"^Laplace.parameter_covariance: 3 matrices of 300001 "):
        laplace.parameter_covariance()


def test_names_of_columns_are_those_of_the_training() -> None:
    pandas = pytest.importorskip("pandas")
    net, X, *_ = case("softmax")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    net.fit(frame, np.arange(25) % 3, epochs=1)
    laplace = fm.Laplace(net, frame, np.arange(25) % 3)
    with pytest.raises(ValueError, match=r"^Laplace.predict: X has its columns in another order"):
        laplace.predict(frame[["a", "c", "b"]])
