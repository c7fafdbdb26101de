"""The playground's pictures, edits and screens in a real browser.

Needs PyPI's playwright and Debian's chromium-headless-shell: ``pytest -m browser``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fastmlp.playground._server import Server
from playground_tab import Tab, n_colors, pixels, shows_change

pytest_plugins = ["playground_fixtures"]
pytestmark = pytest.mark.browser
expect = pytest.importorskip("playwright.sync_api").expect


def test_a_table_of_ones_own_is_opened(tab: Tab) -> None:
    page = tab.open()
    rows = b"1,2,a\n2,3,a\n5,1,b\n6,2,b\n"
    table = {"name": "mine.csv", "mimeType": "text/csv", "buffer": rows}
    page.set_input_files("#file", table)
    expect(page.get_by_role("radio", name="own")).to_be_checked()
    assert tab.state()["dataset"] == "own"
    page.get_by_role("radio", name="xor").click()
    page.get_by_role("radio", name="own").click()
    expect(page.get_by_role("radio", name="own")).to_be_checked()
    page.set_input_files("#file", table | {"buffer": b"1,2,3"})
    expect(page.get_by_role("alert")).to_contain_text("the table has 1 points")


@pytest.mark.parametrize(
    ("form", "file", "start"),
    [
        ("fastmlp", "playground_fastmlp.py", b'"""The network of a playground, after 1 epochs'),
        ("torch", "playground_torch.py", b'"""The network of a playground, after 1 epochs'),
        ("json", "playground_json.json", b"{"),
        ("png", "playground.png", b"\x89PNG"),
    ],
)
def test_the_network_is_exported(tab: Tab, form: str, file: str, start: bytes) -> None:
    page = tab.open()
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("1")
    with page.expect_download() as download:
        page.select_option("#export", form)
    assert download.value.suggested_filename == file
    assert Path(download.value.path()).read_bytes().startswith(start)


def test_the_lines_of_a_large_network_follow_its_weights(tab: Tab) -> None:
    page = tab.open("seed=4&networkShape=20,20,20&learningRate=0.3")
    for epoch in ("1", "2"):
        before = pixels(page, "#network canvas")
        page.click("#step")
        expect(page.locator("#epoch")).to_have_text(epoch)
        assert pixels(page, "#network canvas") != before
    column = """() => {
      const canvas = document.querySelector("#network canvas");
      const part = Object.assign(document.createElement("canvas"), { width: 20, height: 400 });
      part.getContext("2d").drawImage(canvas, -250, 0);
      return part.toDataURL();
    }"""
    lines = page.evaluate(column)  # none but lines stand there
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("3")
    assert page.evaluate(column) != lines


def test_test_data_are_shown(tab: Tab) -> None:
    page = tab.open()
    points = pixels(page, "#map canvas:last-child")
    page.get_by_label("Show test data").check()
    shows_change(tab, "#map canvas:last-child", points)
    assert tab.state()["showTestData"] == "true"


def test_the_output_is_discretized_and_the_curve_stands_still(tab: Tab) -> None:
    page = tab.open("seed=4&dataset=gauss")
    page.click("#step")
    expect(page.locator("#epoch")).to_have_text("1")
    drawn, curve = pixels(page, "#map canvas"), pixels(page, "#curve")
    page.get_by_label("Discretize output").check()
    shows_change(tab, "#map canvas", drawn)
    assert pixels(page, "#curve") == curve
    assert n_colors(page) == 2


def test_a_unit_that_is_pointed_at_is_shown_large(tab: Tab) -> None:
    page = tab.open()
    drawn = pixels(page, "#map canvas")
    page.get_by_label("Weights of unit 2 of layer 1").hover()
    expect(page.locator("#result-title")).to_have_text("Output of unit 2 of layer 1")
    assert pixels(page, "#map canvas") != drawn
    page.mouse.move(5, 5)
    expect(page.locator("#result-title")).to_have_text("Output")
    assert pixels(page, "#map canvas") == drawn


def test_a_feature_that_is_pointed_at_is_shown_large(tab: Tab) -> None:
    page = tab.open()
    page.locator("#features label").nth(1).hover()
    expect(page.locator("#result-title")).to_have_text("Output of X₂")


def test_the_value_under_the_pointer_is_told(tab: Tab) -> None:
    page = tab.open()
    page.locator("#map").hover(position={"x": 150, "y": 75})
    expect(page.locator("#reading")).to_have_text(re.compile(r"x -?0\.\d, y 3\.0: -?0\.\d\d"))


def edit(page: Any, source: str, value: str) -> None:
    page.locator("#source").select_option(label=source)
    page.locator("#value").fill(value)
    with page.expect_response("**/control"):  # the weight is set before the answer comes
        page.get_by_role("button", name="Set", exact=True).click()


def test_a_bias_and_a_weight_are_edited_by_keyboard(tab: Tab, server: Server) -> None:
    page = tab.open()
    unit = page.get_by_role("button", name="Weights of unit 3 of layer 1")
    unit.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#value")).to_have_value("0.1")
    edit(page, "bias", "0.75")
    unit.press("Enter")
    expect(page.locator("#value")).to_have_value("0.75")
    edit(page, "X₂", "-1.5")
    expect(page.locator("#editor")).to_be_hidden()
    expect(page.locator("#back")).to_be_enabled()
    network = next(iter(server.sessions.values()))._model.network
    assert (network.biases[0][2], network.weights[0][1, 2]) == (0.75, -1.5)


def test_a_click_on_a_link_edits_its_weight(tab: Tab) -> None:
    page = tab.open("seed=4&networkShape=1&y=false")
    box, unit = page.locator("#network").bounding_box(), page.locator(".unit").first.bounding_box()
    feature = page.locator("#features label").first.bounding_box()
    height = (feature["y"] + feature["height"] / 2 + unit["y"] + unit["height"] / 2) / 2
    page.mouse.click((box["x"] + unit["x"]) / 2, height)
    expect(page.locator("#source option:checked")).to_have_text("X₁")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#back")).to_be_disabled()


SAID = re.compile(r"diverged in epoch \d+, step \d+: .* try a smaller learning rate \(now 1000\)")


def test_a_divergence_is_explained_and_undone(tab: Tab) -> None:
    page = tab.open("seed=1&problem=regression&activation=relu&learningRate=1000&networkShape=8,8")
    page.click("#play")
    expect(page.get_by_role("alert")).to_have_text(SAID)
    expect(page.locator("#play")).to_have_text("Play")
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_hash_that_does_not_fit_is_told(browser: Any, server: Server) -> None:
    opened = Tab(browser, server)
    opened.page.goto(f"{server.url}#batchSize=x")
    expect(opened.page.get_by_role("alert")).to_have_text("batchSize='x', expected a number")
    opened.close()


def test_values_between_those_of_the_lists_are_kept(tab: Tab) -> None:
    page = tab.open("seed=4&learningRate=0.02&batchSize=100&noise=77")
    assert page.locator("[data-key=learningRate]").input_value() == "0.02"
    assert page.locator("[data-key=batchSize]").input_value() == "100"
    assert page.locator("[data-key=noise]").input_value() == "77"


def test_hidden_keys_hide_their_controls(tab: Tab) -> None:
    names = ["playButton", "stepButton", "resetButton", "learningRate", "dataset", "noise"]
    page = tab.open("seed=4&hideText=true&" + "&".join(f"{name}_hide=true" for name in names))
    for name in names:
        expect(page.locator(f"[data-control={name}]")).to_be_hidden()
    expect(page.locator("#article")).to_be_hidden()
    expect(page.locator("[data-control=batchSize]")).to_be_visible()


def test_all_controls_that_can_be_hidden_are_there(tab: Tab) -> None:
    page = tab.open()
    names = page.evaluate(
        "[...document.querySelectorAll('[data-control]')].map(e => e.dataset.control)"
    )
    assert len(set(names)) == 15


def test_another_address_in_the_same_tab_is_loaded(tab: Tab) -> None:
    page = tab.open()
    page.evaluate("location.hash = 'seed=9&dataset=xor'")
    expect(page.get_by_role("radio", name="xor")).to_be_checked()
    assert tab.state()["seed"] == "9"


def test_a_closed_tab_ends_its_session(browser: Any, server: Server) -> None:
    opened = Tab(browser, server)
    opened.open()
    assert len(server.sessions) == 1
    opened.page.goto("about:blank")
    for _ in range(100):
        if not server.sessions:
            break
        opened.page.wait_for_timeout(50)
    assert not server.sessions
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_nothing_is_wider_than_the_screen(
    browser: Any, server: Server, scheme: str, size: tuple[int, int]
) -> None:
    width, height = size
    screen = {"width": width, "height": height}
    opened = Tab(browser, server, viewport=screen, color_scheme=scheme)
    page = opened.open("seed=4&networkShape=8,8,8&xSquared=true&sinX=true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    back = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert back == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 28)")
    opened.close()
    assert opened.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_finding(browser: Any, server: Server, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened = Tab(browser, server, color_scheme=scheme)
    found = axe.run(opened.open()).response["violations"]
    opened.close()
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
