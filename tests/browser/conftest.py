"""A browser and a server for the tests that drive the pages."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.pages import open_context
from tests.browser.server import ROOT, Server

CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the real server for all tests of the session."""
    if not (ROOT / "backend" / "console" / "static" / "console" / "manifest.json").exists():
        pytest.fail("the pages are not built: run script/setup")
    server = Server(tmp_path_factory.mktemp("server"))
    server.prepare()
    server.start()
    yield server
    server.kill()


# Not for the session: while Playwright runs, tests of coroutines could not.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Drive the system's Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser, server: Server) -> Iterator[Callable[..., BrowserContext]]:
    """Return what opens a browser of one's own; all of them are closed after the test."""
    opened: list[BrowserContext] = []

    def open_one(*, phone: bool = True, language: str = "en") -> BrowserContext:
        opened.append(open_context(browser, server, phone=phone, language=language))
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()
