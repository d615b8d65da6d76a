"""The volunteer's page of the release, kept by its service worker, on a phone that is upgraded under it."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import wait_until, wait_until_connected
from tests.browser.server import Server
from tests.upgrade.force import Force
from tests.upgrade.version import Version

BUILT = Path("backend/console/static/console")
_WORKER_IS_READY = "navigator.serviceWorker.ready.then(() => true)"
_KEPT_SCRIPTS = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("muster-"));
  const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return lists.flat().map((kept) => new URL(kept.url).pathname).filter((path) => path.endsWith(".js"));
}"""
_SCRIPTS = "[...document.scripts].filter((one) => one.src).map((one) => new URL(one.src).pathname)"


class OldPage:
    """A page that was opened from one version, driven by the functions that this version is tested with."""

    def __init__(self, browser: Browser, version: Version, force: Force) -> None:
        self.acts = _acts_of(version.root)
        self.version = version
        server = Server(version.logs, port=force.at.server.port, people=force.signs_in)
        context = self.acts.open_context(browser, server)
        self.page: Page = self.acts.sign_in(context, server, "volunteer")
        self.acts.go_on_duty(self.page)
        self.page.evaluate(_WORKER_IS_READY)

    def answer_without_a_network(self, title: str) -> None:
        """Accept an order that is on the screen while the network is gone: the answer waits."""
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()
        self.page.context.set_offline(True)
        self.acts.wait_until_connected(self.page, "offline")
        self.acts.accept(self.page, title)
        expect(self.page.locator(".notice.pending")).to_be_visible()

    def open_from_its_worker(self) -> None:
        """Open the page anew without a network: it comes from the cache, its waiting answer with it."""
        self.page.reload()
        expect(self.page.locator(".notice.pending")).to_be_visible()
        assert self.scripts() <= built_by(self.version)

    def find_the_network(self) -> None:
        """Come back to whichever version is there now, with the page as it is; what waited is sent."""
        self.page.context.set_offline(False)
        self.acts.wait_until_connected(self.page)
        expect(self.page.locator(".notice.pending")).to_have_count(0)
        assert self.scripts() <= built_by(self.version)

    def become(self, version: Version) -> None:
        """Open the page anew with a network: it is the new version's, and the worker keeps that alone soon."""
        self.page.reload()
        wait_until_connected(self.page)
        assert self.scripts() <= built_by(version)
        wait_until(self.page, lambda: set() < self.kept() <= built_by(version))

    def scripts(self) -> set[str]:
        """Return the addresses of the scripts that the page runs."""
        found = set(self.page.evaluate(_SCRIPTS))
        assert found
        return found

    def kept(self) -> set[str]:
        """Return the addresses of the scripts that the worker keeps."""
        return set(self.page.evaluate(_KEPT_SCRIPTS))


def built_by(version: Version) -> set[str]:
    """Return the addresses of everything that a version's build has made."""
    manifest = json.loads((version.root / BUILT / "manifest.json").read_text())
    return {f"/static/console/{entry['file']}" for entry in manifest.values()}


def _acts_of(root: Path) -> ModuleType:
    """Return the functions that drive a version's pages: their selectors are that version's."""
    spec = importlib.util.spec_from_file_location(
        "pages_of_the_release", root / "tests" / "browser" / "pages.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
