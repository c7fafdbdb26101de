"""Fixtures for the playground in a real browser: `browser`, `server` and `tab`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from fastmlp.playground._server import Server
from playground_client import serving
from playground_tab import Tab

CHROMIUM = shutil.which("chromium-headless-shell")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium-headless-shell is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=30_000)  # a busy machine draws few frames in a second
    with sync_api.sync_playwright() as api:
        running = api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def tab(browser: Any, server: Server) -> Iterator[Tab]:
    opened = Tab(browser, server)
    yield opened
    opened.close()
    assert opened.faults == []
