"""The playground's controls beyond the original's, in a real browser.

Needs PyPI's playwright and Debian's chromium-headless-shell: ``pytest -m browser``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fastmlp import playground
from fastmlp.playground._server import Server
from playground_tab import Tab, losses_of, n_colors, pixels, shows_change

pytest_plugins = ["playground_fixtures"]
pytestmark = pytest.mark.browser
expect = pytest.importorskip("playwright.sync_api").expect

MAP, POINTS = "#map canvas", "#map canvas:last-child"


def step(page: Any, epoch: int) -> None:
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text(str(epoch))


def more(tab: Tab, text: str = "seed=4") -> Any:
    page = tab.open(text)
    page.get_by_text("More settings").click()
    return page


def test_a_second_network_races_on_the_same_points(tab: Tab) -> None:
    page = more(tab)
    step(page, 1)
    page.select_option("[data-key=rivalOptimizer]", "adam")
    expect(page.locator("#epoch")).to_have_text("0")
    page.select_option("[data-key=rivalLearningRate]", "0.01")
    expect(page).to_have_url(re.compile("rivalOptimizer=adam&rivalLearningRate=0.01"))
    drawn, curve = pixels(page, "#rival-map"), pixels(page, "#curve")
    for epoch in (1, 2, 3):
        step(page, epoch)
    rival = [page.locator(f"#rival-{part}").inner_text() for part in ("train", "test")]
    texts = "seed=4", "seed=4&optimizer=adam&learningRate=0.01"
    for shown, text in zip((losses_of(page), rival), texts, strict=True):
        assert shown == [f"{loss:.3f}" for loss in playground.run(text, 3).losses[-1]]
    assert pixels(page, "#rival-map") != drawn
    assert pixels(page, "#curve") != curve
    page.select_option("[data-key=rivalOptimizer]", "none")
    expect(page.locator("#rival")).to_be_hidden()


def test_a_rival_that_diverges_is_told_and_the_first_goes_on(tab: Tab) -> None:
    text = "seed=1&problem=regression&activation=relu&networkShape=8,8&rivalOptimizer=sgd"
    page = tab.open(f"{text}&rivalLearningRate=1000")
    page.click("#play")
    expect(page.locator("#rival-train")).to_have_text("diverged")
    expect(page.locator("#epoch")).to_have_text(re.compile(r"\d\d"))
    expect(page.locator("#play")).to_have_text("Pause")


@pytest.mark.parametrize(
    ("key", "value"),
    [("loss", "binary_cross_entropy"), ("dropout", "0.2"), ("inputNoise", "0.3"), ("classes", "4")],
)
def test_more_settings_start_the_network_again(tab: Tab, key: str, value: str) -> None:
    page = more(tab)
    step(page, 1)
    page.select_option(f"[data-key={key}]", value)
    expect(page).to_have_url(re.compile(f"&{key}={value}(&|$)"))
    expect(page.locator("#epoch")).to_have_text("0")
    step(page, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [("schedule", "cosine_decay"), ("scheduleEpochs", "30"), ("clipNorm", "0.1")],
)
def test_more_settings_of_the_rate_change_within_the_training(
    tab: Tab, key: str, value: str
) -> None:
    page = more(tab)
    step(page, 1)
    page.select_option(f"[data-key={key}]", value)
    expect(page).to_have_url(re.compile(f"&{key}={value}(&|$)"))
    step(page, 2)


def test_the_losses_offered_are_those_of_the_problem(tab: Tab) -> None:
    page = more(tab)
    losses = page.locator("[data-key=loss]")
    expect(losses).to_have_value("squared_error")
    assert "hinge" in losses.inner_text()
    page.select_option("[data-key=problem]", "regression")
    expect(page.locator("[data-key=classes]")).to_be_disabled()
    assert "hinge" not in losses.inner_text()
    page.select_option("[data-key=problem]", "classification")
    page.select_option("[data-key=classes]", "3")
    expect(losses).to_have_value("cross_entropy")


def test_classes_have_outputs_colours_and_readings(tab: Tab) -> None:
    page = tab.open("seed=4&classes=5&dataset=gauss&optimizer=adam&discretize=true")
    expect(page.get_by_label(re.compile("Weights of the output"))).to_have_count(5)
    page.select_option("#speed", "10")
    page.click("#play")
    expect(page.locator("#train")).to_have_text(re.compile(r"^0\.0"))
    page.click("#play")
    assert n_colors(page) == 5
    page.locator("#map").hover(position={"x": 150, "y": 50})
    expect(page.locator("#reading")).to_have_text(re.compile("class 1"))
    expect(page.locator(".scale")).to_be_hidden()


def test_a_layer_has_an_activation_of_its_own(tab: Tab) -> None:
    page = tab.open()
    page.get_by_label("Activation of layer 2").select_option("gelu")
    expect(page).to_have_url(re.compile("activations=tanh,gelu&"))
    expect(page.get_by_label("Activation of layer 2")).to_have_value("gelu")
    page.select_option("[data-key=activation]", "relu")
    expect(page).to_have_url(re.compile("activations=&"))
    expect(page.get_by_label("Activation of layer 2")).to_have_value("relu")


def test_all_points_make_one_batch(tab: Tab) -> None:
    page = tab.open("seed=4&percTrainData=30")
    page.get_by_role("button", name="All in one batch").click()
    expect(page).to_have_url(re.compile("batchSize=150&"))
    assert page.locator("[data-key=batchSize]").input_value() == "150"


def test_layers_are_reported(tab: Tab) -> None:
    page = tab.open("seed=0.1&activation=sigmoid&networkShape=6,6,6,6,6,6,6,6")
    page.get_by_text("Gradients, dead and saturated units").first.click()
    rows = page.locator("#layers tbody tr")
    expect(rows).to_have_count(9)
    expect(rows.first).to_contain_text("the gradient is vanishing")
    expect(rows.last.locator("th")).to_have_text("9, output")
    before = rows.last.inner_text()
    step(page, 1)
    expect(rows.last).not_to_have_text(before)


@pytest.mark.parametrize(
    ("name", "title", "note"),
    [
        (
            "surface",
            "The loss around the weights",
            r"Loss of 250 points .* \d+ % of all",
        ),
        ("spectrum", "Curvature", r"25 eigenvalues from .* The gradient has norm 0\.\d+"),
    ],
)
def test_pictures_of_the_loss_follow_the_training(
    tab: Tab, name: str, title: str, note: str
) -> None:
    page = tab.open()
    for epoch in (1, 2, 3):
        step(page, epoch)
    page.get_by_text(title).first.click()
    expect(page.locator(f"#{name} .note")).to_have_text(re.compile(note))
    canvas = f"#{name} canvas:last-of-type"
    before = pixels(page, canvas)
    step(page, 4)
    shows_change(tab, canvas, before)


def test_pictures_that_need_a_smaller_network_say_so(tab: Tab) -> None:
    page = tab.open("seed=4&networkShape=30,30")
    page.get_by_text("Curvature").first.click()
    expect(page.locator("#spectrum .note")).to_have_text(
        "This picture needs at most 500 parameters; the network has 1051."
    )
    expect(page.locator("#spectrum canvas")).to_be_hidden()


def test_a_table_is_pasted_and_its_columns_are_chosen(tab: Tab) -> None:
    page = tab.open()
    page.get_by_role("button", name="Paste").click()
    page.fill("#table", "a,b,c,kind\n0,10,1,no\n1,12,5,no\n4,30,2,yes\n3,28,9,yes\n")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_role("radio", name="own")).to_be_checked()
    points = pixels(page, POINTS)
    page.get_by_label("Across").select_option(label="c")
    shows_change(tab, POINTS, points)
    expect(page.get_by_label("Up")).to_be_enabled()
    points = pixels(page, POINTS)
    page.get_by_label("Up").select_option(label="b")
    shows_change(tab, POINTS, points)
    page.get_by_role("button", name="Paste").click()
    page.fill("#table", "1,2")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_role("alert")).to_contain_text("the table has 1 points")


def draw(page: Any, pen: str, path: list[tuple[int, int]]) -> None:
    page.get_by_label("Draw").select_option(label=pen)
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + path[0][0], box["y"] + path[0][1])
    page.mouse.down()
    for x, y in path:
        page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.up()


def test_points_are_drawn_with_the_mouse(tab: Tab, server: Server) -> None:
    page = tab.open()
    page.locator("#map").scroll_into_view_if_needed()
    draw(page, "orange", [(40, 40), (60, 50), (80, 60), (100, 70)])
    expect(page.get_by_role("radio", name="own")).to_be_checked()
    draw(page, "blue", [(240, 240), (220, 230), (200, 220)])
    session = next(iter(server.sessions.values()))
    for _ in range(100):
        if len(session._model.points) == 7:
            break
        page.wait_for_timeout(50)
    assert sorted(session._model.points[:, 2]) == [-1] * 4 + [1] * 3
    first = min(session._model.points.tolist())
    assert first == pytest.approx([40 * 12 / 298 - 6, 6 - 40 * 12 / 298, -1], abs=0.1)
    page.get_by_role("button", name="Clear").click()
    draw(page, "blue", [(40, 240), (60, 240)])
    for _ in range(100):
        if len(session._model.points) == 2:
            break
        page.wait_for_timeout(50)
    assert session._model.points[:, 2].tolist() == [1, 1]


def test_a_pen_draws_each_class(tab: Tab) -> None:
    page = tab.open("seed=4&classes=3")
    expect(page.locator("#pen option")).to_have_text(["off", "class 1", "class 2", "class 3"])
    page.locator("#map").scroll_into_view_if_needed()
    draw(page, "class 3", [(40, 40), (70, 70)])
    expect(page).to_have_url(re.compile("dataset=own&.*classes=3"))


def test_the_network_is_exported_as_a_file(tab: Tab) -> None:
    page = tab.open()
    with page.expect_download() as download:
        page.select_option("#export", "safetensors")
    assert download.value.suggested_filename == "playground.safetensors"
    content = Path(download.value.path()).read_bytes()
    assert b'"format":"fastmlp' in content[:4000].replace(b" ", b"")


def test_the_address_is_told_without_the_token(tab: Tab, server: Server) -> None:
    page = tab.open()
    page.select_option("#export", "address")
    said = page.get_by_role("alert")
    expect(said).to_contain_text("fastmlp playground '#activation=tanh&")
    assert server.token not in said.inner_text()
    expect(page.get_by_role("button", name="Go back")).to_be_hidden()


def test_a_link_of_the_article_sets_the_page(tab: Tab) -> None:
    page = tab.open()
    page.get_by_role("link", name="race on the spiral").click()
    expect(page.get_by_role("radio", name="spiral")).to_be_checked()
    expect(page.locator("#rival")).to_be_visible()
    expect(page.locator("[data-key=rivalOptimizer]")).to_have_value("adam")


def test_many_layers_can_be_reached(tab: Tab) -> None:
    page = tab.open("seed=4&networkShape=" + ",".join(["3"] * 32))
    expect(page.get_by_label("Add a hidden layer")).to_be_disabled()
    page.get_by_label("Add a unit to layer 32").click()
    expect(page).to_have_url(re.compile("networkShape=(3,){31}4&"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everything_open_fits_and_has_no_finding_of_axe(
    browser: Any, server: Server, scheme: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    screen = {"width": width, "height": 800}
    opened = Tab(browser, server, viewport=screen, color_scheme=scheme)
    page = opened.open("seed=4&rivalOptimizer=adam&classes=3")
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.get_by_label("Draw").select_option(label="class 1")
    expect(page.locator("#spectrum .note")).to_contain_text("eigenvalues")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.run(page).response["violations"]
    opened.close()
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert opened.faults == []
