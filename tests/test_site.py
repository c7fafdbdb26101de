"""The built site: links that lead somewhere, nothing from elsewhere, pages fit to be read.

Needs the site of ``sphinx-build -W -n docs site``, and is skipped where that was not made.
"""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parents[1] / "site"
CHROMIUM = shutil.which("chromium-headless-shell")
if not (SITE / "index.html").exists():
    pytest.skip("the site is not built", allow_module_level=True)


class Page(HTMLParser):
    """Anchors of a page, and what it refers to: (tag, address)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.anchors, self.links = path, {""}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given.get("id", ""), given.get("name", "") if tag == "a" else ""}
        self.links += [(tag, given[name]) for name in ("href", "src", "data") if name in given]
        self.links += [
            (tag, part.split()[0]) for part in given.get("srcset", "").split(", ") if part
        ]


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    return {path: Page(path) for path in SITE.rglob("*.html") if "_static" not in path.parts}


def test_links_within_the_site_lead_to_pages_and_anchors(pages: dict[Path, Page]) -> None:
    faults = []
    for page in pages.values():
        for _, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            known = pages[target].anchors if target in pages else None
            if not target.is_file() or (known and unquote(parts.fragment) not in known):
                faults.append(f"{page.path.relative_to(SITE)}: {link}")
    assert faults == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    """Links that a reader may click lead out; scripts, styles, fonts and pictures do not."""
    faults = [
        f"{page.path.relative_to(SITE)}: {link}"
        for page in pages.values()
        for tag, link in page.links
        if tag != "a" and urlsplit(link).netloc
    ]
    styles = [
        path for path in SITE.rglob("*.css") if "url(http" in path.read_text(encoding="utf-8")
    ]
    assert faults == [] == styles


def test_every_name_has_its_page(pages: dict[Path, Page]) -> None:
    api_pages = pytest.importorskip("test_api_pages")
    for name in api_pages.NAMES:
        html = (SITE / f"api/{name}.html").read_text(encoding="utf-8")
        assert f'id="{name}"' in html
        assert "&gt;&gt;&gt; " in html, f"{name} has no example"
        if name in api_pages.NATIVE:
            assert "<math" in html
            assert "cpp/fastmlp/" in html
        else:
            assert "viewcode-link" in html, f"{name} has no link to its source"


def test_the_gallery_shows_what_its_examples_drew(pages: dict[Path, Page]) -> None:
    """At least 28 thumbnails, each of a picture of its own."""
    index = pages[SITE / "auto_examples" / "index.html"]
    thumbnails = [link for tag, link in index.links if tag == "img" and "thumb" in link]
    drawn = list((SITE / "_images").glob("sphx_glr_*_001.png"))
    if not drawn:
        pytest.skip("the site is built without running the examples")
    assert len(thumbnails) == len(drawn) >= 28
    assert len({(index.path.parent / link).read_bytes() for link in thumbnails}) == len(drawn)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium-headless-shell is not installed")
    with pytest.importorskip("playwright.sync_api").sync_playwright() as api:
        running = api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


class Tab:
    """A page in the browser; `faults` are errors of its scripts and requests to other hosts."""

    def __init__(self, browser: Any, address: str, width: int, scheme: str) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.address, self.faults = address, []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", lambda request: self._note(request.url))

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # by the end of the page, which nobody awaits
            self.faults.append(request.url)

    def _note(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.faults.append(url)


VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
SHOWN = [
    *("index", "quickstart", "coming_from_scikit_learn", "coming_from_torch", "lecture"),
    *("optimizers", "conventions", "performance", "playground", "search"),
    *("api/index", "api/fastmlp.Adam", "api/fastmlp.NonlinearCG", "api/fastmlp.Network"),
    *("api/fastmlp.sklearn.MLPClassifier", "auto_examples/index", "auto_examples/bowl"),
]


@pytest.fixture(params=VIEWS, ids=lambda view: f"{view[0]}-{view[1]}")
def tab(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Tab]:
    opened = Tab(browser, address, *request.param)
    yield opened
    opened.context.close()
    assert opened.faults == []


@pytest.mark.browser
def test_pages_are_fit_to_be_read(tab: Tab) -> None:
    """axe-core finds nothing serious, and nothing is wider than the screen."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    findings = []
    for name in SHOWN:
        tab.page.goto(f"{tab.address}/{name}.html")
        too_wide = "document.documentElement.scrollWidth > window.innerWidth"
        if tab.page.evaluate(too_wide):
            findings.append(f"{name} is too wide")
        for found in axe.run(tab.page).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                nodes = [node["html"][:120] for node in found["nodes"]]
                findings.append(f"{name}: {found['id']}: {nodes[:3]}")
    assert not findings, "\n".join(findings)


@pytest.mark.browser
def test_the_search_finds_without_a_server_of_its_own(tab: Tab) -> None:
    tab.page.goto(f"{tab.address}/search.html?q=nesterov")
    link = tab.page.locator("#search-results li a", has_text="SGD").first
    link.wait_for()
    link.click()
    tab.page.locator("h1", has_text="SGD").wait_for()


@pytest.mark.browser
def test_formulas_are_laid_out(tab: Tab) -> None:
    """Fractions are taller than a line of text, as those of browsers with MathML are."""
    tab.page.goto(f"{tab.address}/api/fastmlp.Adam.html")
    heights = tab.page.eval_on_selector_all(
        ".formula mfrac", "all => all.map(each => each.getBoundingClientRect().height)"
    )
    assert len(heights) == 3
    assert min(heights) > 25
