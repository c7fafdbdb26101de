"""States of the playground as pictures, in a real browser: those of the docs.

Needs PyPI's playwright and Debian's chromium-headless-shell: ``pytest -m browser``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fastmlp.playground._server import Server
from playground_tab import Tab, epoch_of, expected_losses, losses_of

pytest_plugins = ["playground_fixtures"]
pytestmark = pytest.mark.browser
pytest.importorskip("playwright.sync_api")

STATES = {  # picture of the docs: (hash, epochs at least, screen, scheme)
    "circle": ("seed=0.11111", 200, (1280, 800), "light"),
    "xor": ("seed=0.2&dataset=xor&activation=relu&showTestData=true", 100, (1280, 800), "light"),
    "spiral": (
        "seed=0.3&dataset=spiral&networkShape=8,8,8&xSquared=true&ySquared=true&xTimesY=true"
        "&sinX=true&sinY=true&noise=10&regularization=L2&regularizationRate=0.001",
        300,
        (1280, 800),
        "dark",
    ),
    "perceptron": (
        "seed=0.4&dataset=gauss&networkShape=&discretize=true",
        20,
        (1280, 800),
        "light",
    ),
    "regression": (
        "seed=0.88888&problem=regression&regDataset=reg-gauss&activation=relu&networkShape=8,4",
        300,
        (1280, 800),
        "light",
    ),
    "sparse": (
        "seed=0.5&regularization=L1&regularizationRate=0.003&networkShape=8,8&noise=20",
        200,
        (1280, 800),
        "dark",
    ),
    "wide": ("seed=0.6&networkShape=32,32,32&learningRate=0.003", 20, (1280, 800), "light"),
    "classes": (
        "seed=0.3&classes=5&dataset=spiral&networkShape=8,8&activations=tanh,relu&optimizer=adam"
        "&learningRate=0.01",
        200,
        (1280, 800),
        "light",
    ),
    "race": (
        "seed=0.3&dataset=spiral&networkShape=8,8&xSquared=true&ySquared=true&sinX=true&sinY=true"
        "&rivalOptimizer=adam&rivalLearningRate=0.01",
        200,
        (1280, 1820),
        "light",
    ),
    "narrow": ("seed=0.7&dataset=xor&hideText=true", 100, (390, 844), "light"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_reached_and_drawn(
    browser: Any, server: Server, tmp_path: Path, name: str
) -> None:
    """With FASTMLP_PICTURES=FOLDER the pictures are kept there; those of the docs are such."""
    text, epochs, (width, height), scheme = STATES[name]
    screen = {"width": width, "height": height}
    opened = Tab(browser, server, viewport=screen, color_scheme=scheme)
    page = opened.open(text)
    page.select_option("#speed", "10")
    if name == "race":
        page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.click("#play")
    while epoch_of(page) < epochs:
        page.wait_for_timeout(20)
    page.click("#play")
    page.wait_for_timeout(500)
    assert losses_of(page) == expected_losses(text, epoch_of(page))
    folder = Path(os.environ.get("FASTMLP_PICTURES", tmp_path))
    page.mouse.move(0, 0)
    path = folder / f"playground_{name}.jpg"
    picture = page.screenshot(path=path, type="jpeg", quality=70, full_page=width < 900)
    assert len(picture) > 20_000
    opened.close()
    assert opened.faults == []
