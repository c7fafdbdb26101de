"""The playground's controls in a real browser: each is driven, and its effect read.

Needs PyPI's playwright and Debian's chromium-headless-shell: ``pytest -m browser``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from playground_tab import Tab, expected_losses, losses_of, pixels, shows_change

pytest_plugins = ["playground_fixtures"]
pytestmark = pytest.mark.browser
expect = pytest.importorskip("playwright.sync_api").expect


def test_the_first_picture_has_the_losses_of_run(tab: Tab) -> None:
    page = tab.open("seed=0.11111")
    assert losses_of(page) == expected_losses("seed=0.11111", 0)


def test_step_is_one_epoch(tab: Tab) -> None:
    page = tab.open()
    for epoch in ("1", "2", "3"):
        page.click("#step")
        expect(page.locator("#epoch")).to_have_text(epoch)
    assert losses_of(page) == expected_losses("seed=4", 3)


def test_play_and_pause(tab: Tab) -> None:
    page = tab.open()
    page.click("#play")
    expect(page.locator("#play")).to_have_text("Pause")
    expect(page.locator("#epoch")).to_have_text(re.compile(r"\d\d+"))
    page.click("#play")
    expect(page.locator("#play")).to_have_text("Play")
    page.wait_for_timeout(300)
    epoch = page.locator("#epoch").inner_text()
    page.wait_for_timeout(300)
    assert page.locator("#epoch").inner_text() == epoch
    assert losses_of(page) == expected_losses("seed=4", int(epoch))


def test_epochs_per_frame(tab: Tab) -> None:
    page = tab.open()
    page.select_option("#speed", "100")
    page.click("#play")
    expect(page.locator("#epoch")).to_have_text(re.compile(r"\d\d\d"))


def test_one_batch_per_frame(tab: Tab) -> None:
    page = tab.open("seed=4&batchSize=25")
    page.select_option("#speed", "batch")
    page.click("#play")
    expect(page.locator("#epoch")).to_have_text("1")
    expect(page.locator("#time")).to_have_text(re.compile(r"[\d.]+ ms"))
    page.click("#play")
    assert page.evaluate("document.querySelector('#back').disabled") is False


def step_and_start_with(page: Any, button: str) -> None:
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("1")
    page.click(button)
    expect(page.locator("#epoch")).to_have_text("0")


def test_reset_draws_new_weights(tab: Tab) -> None:
    page = tab.open()
    before = losses_of(page)
    step_and_start_with(page, "#restart")
    assert losses_of(page) != before
    assert tab.state()["seed"] == "4"


def test_same_start_has_the_first_weights_again(tab: Tab) -> None:
    page = tab.open()
    before = losses_of(page)
    step_and_start_with(page, "#same-start")
    assert losses_of(page) == before


def test_back_undoes_a_step(tab: Tab) -> None:
    page = tab.open()
    expect(page.locator("#back")).to_be_disabled()
    for epoch in ("1", "2"):
        page.click("#step")
        expect(page.locator("#epoch")).to_have_text(epoch)
    page.click("#back")
    expect(page.locator("#epoch")).to_have_text("1")
    assert losses_of(page) == expected_losses("seed=4", 1)


def test_regenerate_draws_a_new_seed(tab: Tab) -> None:
    page = tab.open()
    points = pixels(page, "#map canvas:last-child")
    page.click("#regenerate")
    shows_change(tab, "#map canvas:last-child", points)
    assert tab.state()["seed"] != "4"


def test_the_learning_rate_changes_within_the_training(tab: Tab) -> None:
    page = tab.open()
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("1")
    page.select_option("[data-key=learningRate]", "0.3")
    expect(page).to_have_url(re.compile("learningRate=0.3&"))
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("2")


def test_the_optimizer_changes_within_the_training(tab: Tab) -> None:
    page = tab.open()
    for epoch, name in ("1", "adam"), ("2", "levenberg_marquardt"):
        page.select_option("[data-key=optimizer]", name)
        expect(page).to_have_url(re.compile(f"optimizer={name}&"))
        page.click("#step")
        expect(page.locator("#epoch")).to_have_text(epoch)
    page.select_option("[data-key=optimizer]", "sgd")
    page.select_option("[data-key=momentum]", "0.9")
    expect(page).to_have_url(re.compile("optimizer=sgd&momentum=0.9"))
    assert page.locator("#epoch").inner_text() == "2"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("activation", "gelu"),
        ("activation", "sigmoid"),
        ("regularization", "L1"),
        ("regularizationRate", "0.03"),
        ("problem", "regression"),
    ],
)
def test_lists_set_the_state_and_start_again(tab: Tab, key: str, value: str) -> None:
    page = tab.open()
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("1")
    page.select_option(f"[data-key={key}]", value)
    expect(page).to_have_url(re.compile(f"{key}={value}&"))
    expect(page.locator("#epoch")).to_have_text("0")


@pytest.mark.parametrize(
    ("key", "value"), [("percTrainData", "20"), ("noise", "35"), ("batchSize", "23")]
)
def test_sliders_set_the_state(tab: Tab, key: str, value: str) -> None:
    page = tab.open()
    page.fill(f"[data-key={key}]", value)
    expect(page).to_have_url(re.compile(f"{key}={value}&"))
    expect(page.locator(f"label:has([data-key={key}]) output")).to_have_text(value)


@pytest.mark.parametrize("name", ["xor", "gauss", "spiral"])
def test_pictures_choose_the_data_set(tab: Tab, name: str) -> None:
    page = tab.open()
    points = pixels(page, "#map canvas:last-child")
    page.get_by_role("radio", name=name).click()
    expect(page.get_by_role("radio", name=name)).to_be_checked()
    expect(page).to_have_url(re.compile(f"&dataset={name}&"))
    shows_change(tab, "#map canvas:last-child", points)


def test_regression_has_data_sets_of_its_own(tab: Tab) -> None:
    page = tab.open("seed=4&problem=regression")
    expect(page.get_by_role("radio")).to_have_count(2)
    page.get_by_role("radio", name="gauss").click()
    expect(page).to_have_url(re.compile("regDataset=reg-gauss"))


@pytest.mark.parametrize(
    ("label", "key"),
    [("X₁²", "xSquared"), ("X₂²", "ySquared"), ("X₁X₂", "xTimesY"), ("sin(X₁)", "sinX")],
)
def test_features_become_inputs(tab: Tab, label: str, key: str) -> None:
    page = tab.open()
    before = pixels(page, "#network canvas")
    page.get_by_label(label, exact=True).check()
    expect(page).to_have_url(re.compile(f"{key}=true"))
    shows_change(tab, "#network canvas", before)


def test_the_last_feature_cannot_be_taken_away(tab: Tab) -> None:
    page = tab.open("seed=4&y=false")
    page.get_by_label("X₁", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("x=False, expected at least one feature")
    expect(page.get_by_label("X₁", exact=True)).to_be_checked()


def test_layers_and_units_are_added_and_removed(tab: Tab) -> None:
    page = tab.open()
    page.get_by_label("Add a hidden layer").click()
    expect(page).to_have_url(re.compile("networkShape=4,2,2&"))
    expect(page.locator("#n-layers")).to_have_text("3 hidden layers")
    page.get_by_label("Add a unit to layer 3").click()
    expect(page).to_have_url(re.compile("networkShape=4,2,3&"))
    page.get_by_label("Remove a unit from layer 1").click()
    expect(page).to_have_url(re.compile("networkShape=3,2,3&"))
    for left in (2, 1, 0):
        page.get_by_label("Remove a hidden layer").click()
        expect(page.locator("#n-layers")).to_have_text(re.compile(f"^{left} hidden layer"))
    expect(page.get_by_label("Remove a hidden layer")).to_be_disabled()
