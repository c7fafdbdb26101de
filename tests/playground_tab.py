"""A tab of a real browser with the playground, and what can be read in it."""

from __future__ import annotations

import re
from typing import Any

from fastmlp import playground
from fastmlp.playground._server import Server

FIRST_LOSS = re.compile(r"\d\.\d{3}")


class Tab:
    """A page, what it has said in its console, and what it has asked other hosts for."""

    def __init__(self, browser: Any, server: Server, **options: Any) -> None:
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 800}} | options)
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.server = server
        self.faults: list[str] = []
        self.page.on("console", lambda message: self._hear(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def _hear(self, text: str) -> None:
        if "status of 400" not in text:  # the answer to a value that does not fit
            self.faults.append(text)

    def _note(self, url: str) -> None:
        own = (f"http://127.0.0.1:{self.server.server_port}/", "data:")
        if not url.startswith(own):
            self.faults.append(url)

    def open(self, text: str = "seed=4") -> Any:
        self.page.goto(f"{self.server.url}#{text}")
        self.page.locator("#train", has_text=FIRST_LOSS).wait_for()
        return self.page

    def state(self) -> dict[str, str]:
        text = self.page.evaluate("location.hash.slice(1)")
        return dict(pair.split("=", 1) for pair in text.split("&"))

    def close(self) -> None:
        self.context.close()
        self.server.sessions.clear()


def pixels(page: Any, selector: str) -> str:
    """The picture of a canvas, as text."""
    return str(page.evaluate("s => document.querySelector(s).toDataURL()", selector))


def n_colors(page: Any) -> int:
    """The number of colours in the large map."""
    count = """() => {
      const canvas = document.querySelector("#map canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, 100, 100);
      return new Set(new Uint32Array(data.buffer)).size;
    }"""
    return int(page.evaluate(count))


def shows_change(tab: Tab, selector: str, before: str) -> None:
    for _ in range(300):
        if pixels(tab.page, selector) != before:
            return
        tab.page.wait_for_timeout(50)
    raise AssertionError(f"{selector} looks as before")


def losses_of(page: Any) -> list[str]:
    return [page.locator(f"#{part}").inner_text() for part in ("train", "test")]


def expected_losses(text: str, epochs: int) -> list[str]:
    return [f"{loss:.3f}" for loss in playground.run(text, epochs).losses[-1]]


def epoch_of(page: Any) -> int:
    return int(page.locator("#epoch").inner_text().replace(",", ""))
