"""`class_weight` of several labels; weights that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

import fastmlp as fm
from weighted_terms import LABELS, RNG, K, N, W, X, Y, network, with_output


def counted(y: Any) -> Any:
    """Balanced weights, column by column."""
    return np.column_stack([compute_sample_weight("balanced", column) for column in y.T])


ZERO, ONE = 1 - LABELS, LABELS
PER_LABEL = [
    ([1, 2.5, 0], np.broadcast_to([1, 2.5, 0], (N, K))),
    (np.array([1, 2.5, 0.5]), np.broadcast_to([1, 2.5, 0.5], (N, K))),
    ({1: 4.0}, np.broadcast_to([1, 4, 1], (N, K))),
    ([(1, 3), (1, 5), (2, 1)], ZERO * [1, 1, 2] + ONE * [3, 5, 1]),
    (np.array([[1, 3], [1, 5], [2, 1]]), ZERO * [1, 1, 2] + ONE * [3, 5, 1]),
    ([{0: 1, 1: 3}, {1: 5}, {0: 2}], ZERO * [1, 1, 2] + ONE * [3, 5, 1]),
    ({0: (1, 3), 2: {0: 2}}, ZERO * [1, 1, 2] + ONE * [3, 1, 1]),
    ("balanced", counted(LABELS)),
    ([1, "balanced", 1], np.where(np.arange(K) == 1, counted(LABELS), 1)),
]


@pytest.mark.parametrize(("class_weight", "weights"), PER_LABEL, ids=lambda x: str(x)[:30])
@pytest.mark.parametrize("call", ["fit", "step", "epoch", "run"])
def test_labels_have_weights(call: str, class_weight: Any, weights: Any) -> None:
    """Of the label, or of its negative and positive samples; they multiply sample weights."""
    ends = []
    own = np.linspace(1, 2, N)
    both = {"sample_weight": own, "class_weight": class_weight}
    for given in (both, {"sample_weight": own[:, np.newaxis] * weights}):
        net = network("sigmoid")
        if call == "fit":
            net.fit(X, LABELS, epochs=2, **given)
        else:
            getattr(fm.Trainer(net), call)(X, LABELS, **{"epochs": 1} if call == "run" else {},
                                           **given)  # fmt: skip
        ends.append(net.parameters)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10, atol=1e-13)


def test_the_weights_of_positives_are_those_of_torch() -> None:
    """`BCEWithLogitsLoss(weight, pos_weight)` divides by n k, we by the sum of the row means."""
    torch = pytest.importorskip("torch")
    positive, weight = np.array([3.0, 1.0, 0.5]), np.array([1.0, 2.0, 4.0])
    net = network("sigmoid")
    logits = torch.tensor(with_output(net, "identity").predict(X))
    options = {"weight": torch.tensor(weight), "pos_weight": torch.tensor(positive)}
    theirs = torch.nn.BCEWithLogitsLoss(**options)(logits, torch.tensor(LABELS)).item()
    weights = weight * np.where(LABELS == 1, positive, 1)
    ours = net.loss(X, LABELS, sample_weight=weights)
    assert ours * weights.mean() / K == pytest.approx(theirs, rel=1e-12)
    trainer = fm.Trainer(net)
    pairs = list(zip(weight, weight * positive, strict=True))
    assert trainer.step(X, LABELS, class_weight=pairs) == pytest.approx(ours, rel=1e-12)


def test_labels_of_signs_have_weights() -> None:
    """Their values are -1 and 1, or 0 and 1."""
    weights = np.where(LABELS == 1, [2, 1, 3], 1)
    ends = []
    for y in (LABELS, 2 * LABELS - 1):
        for given in ({"class_weight": [(1, 2), (1, 1), (1, 3)]}, {"sample_weight": weights}):
            net = network("sign")
            net.fit(X, y, epochs=3, optimizer="sgd", **given)
            ends.append(net.parameters)
    for end in ends[1:]:
        np.testing.assert_allclose(end, ends[0], rtol=1e-12)


def test_missing_labels_do_not_count_in_balanced_weights() -> None:
    there = RNG.random((N, K)) < 0.7
    y = np.where(there, LABELS, np.nan)
    weights = np.ones((N, K))
    for j in range(K):
        weights[there[:, j], j] = compute_sample_weight("balanced", LABELS[there[:, j], j])
    ends = []
    for given in ({"class_weight": "balanced"}, {"sample_weight": weights}):
        net = network("sigmoid")
        net.fit(X, y, epochs=2, missing="mask", **given)
        ends.append(net.parameters)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10)
    single = network("sigmoid", 1)
    single.fit(X, y[:, 0], epochs=1, missing="mask", class_weight={1: 3.0})
    twin = network("sigmoid", 1)
    twin.fit(X, y[:, 0], epochs=1, missing="mask", sample_weight=np.where(y[:, 0] == 1, 3.0, 1.0))
    np.testing.assert_allclose(single.parameters, twin.parameters, rtol=1e-12)


def test_a_list_weighs_the_classes_of_a_softmax() -> None:
    classes = RNG.integers(0, K, N)
    ends = []
    for weights in ([1, 4, 0.5], {0: 1, 1: 4, 2: 0.5}):
        net = network("softmax")
        net.fit(X, classes, epochs=2, class_weight=weights)
        ends.append(net.parameters)
    np.testing.assert_array_equal(ends[0], ends[1])


BAD = [
    (
        {"sample_weight": np.ones((N, 2))},
        r"sample_weight has shape \(40, 2\), expected \(40,\) ",
    ),
    ({"sample_weight": -W}, r"sample_weight\[0, 0\]=-.*expected weights >= 0"),
    ({"sample_weight": np.where(W > 2.5, np.nan, W)}, r"sample_weight\[.*nan"),
    ({"sample_weight": np.where(W > 2.5, np.inf, W)}, r"sample_weight\[.*(nan|inf)"),
    ({"sample_weight": np.zeros((N, K))}, "the weights are all 0"),
    ({"class_weight": [1, 2]}, "class_weight has 2 entries, expected 3"),
    ({"class_weight": [1, 2, -3]}, r"class_weight\[2\]=-3, expected"),
    ({"class_weight": [1, 2, (1, -3)]}, r"class_weight\[2\]\[1\]=-3, expected"),
    ({"class_weight": [1, 2, (1, 2, 3)]}, r"class_weight\[2\]=\(1, 2, 3\), expected"),
    ({"class_weight": [1, 2, "heavy"]}, r"class_weight\[2\]='heavy', expected"),
    ({"class_weight": [1, 2, {5: 1}]}, "has the key 5, expected classes among 0, 1"),
    ({"class_weight": {3: 2.0}}, "has the key 3, expected classes among 0, 1, 2"),
]


@pytest.mark.parametrize(("given", "message"), BAD, ids=lambda x: str(x)[:40])
def test_bad_weights_are_refused(given: Any, message: str) -> None:
    net = network("sigmoid")
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=f"^fit: .*{message}"):
        net.fit(X, LABELS, **given)
    np.testing.assert_array_equal(net.parameters, before)
    assert net.history is None


def test_weights_that_do_not_fit_the_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="as y has values other than"):
        network().fit(X, Y, class_weight="balanced")
    with pytest.raises(ValueError, match=r"sample_weight has shape \(40, 3\), expected \(40,\)$"):
        network("softmax").fit(X, np.zeros(N, int), sample_weight=W)
    own = {"loss": lambda o, y: (o.sum(1), np.ones_like(o))}
    with pytest.raises(ValueError, match=r"weights of single terms .* with a loss written in"):
        network().fit(X, Y, sample_weight=W, **own)
    with pytest.raises(TypeError, match=r"class_weight=3 \(int\), expected 'balanced', a dict"):
        network("sigmoid").fit(X, LABELS, class_weight=3)  # type: ignore[arg-type]
