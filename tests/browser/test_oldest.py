"""The oldest browsers that the pages are made for, played by taking away what they lack; an older one is told so."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import accept, call_out, go_on_duty, sign_in, wait_until
from tests.browser.server import Server
from tests.browser.test_content_policy import colours

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NewContext = Callable[..., BrowserContext]
CHROME_87 = """
for (const name of ["at", "findLast", "findLastIndex"]) delete Array.prototype[name];
delete Object.hasOwn;
delete AbortSignal.timeout;
delete globalThis.structuredClone;
"""
SAFARI_14 = f"""
{CHROME_87}
delete globalThis.BroadcastChannel;
delete HTMLDialogElement.prototype.showModal;
const drawn = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {{
  return kind === "webgl2" ? null : drawn.call(this, kind, ...rest);
}};
"""
TOO_OLD = "delete Element.prototype.replaceChildren;"


@pytest.fixture
def browser_of(new_context: NewContext) -> Callable[..., BrowserContext]:
    """Return what opens a browser that lacks what a script takes away."""

    def open_one(script: str, *, phone: bool = True, language: str = "en") -> BrowserContext:
        context = new_context(phone=phone, language=language)
        context.add_init_script(script)
        return context

    return open_one


def test_map_is_drawn_by_the_oldest_chrome(browser_of: NewContext, server: Server) -> None:
    page = sign_in(browser_of(CHROME_87, phone=False), server, "commander")

    expect(page.locator(".maplibregl-ctrl-zoom-in")).to_be_visible()
    wait_until(page, lambda: colours(page, ".maplibregl-canvas") > 10)


def test_call_out_and_answer_work_in_the_oldest_safari(browser_of: NewContext, server: Server) -> None:
    leader = sign_in(browser_of(SAFARI_14), server, "leader")
    volunteer = sign_in(browser_of(SAFARI_14), server, "volunteer")
    go_on_duty(volunteer)

    call_out(leader, "Called out by an old phone")
    accept(volunteer, "Called out by an old phone")

    expect(leader.locator("#counter-accepted .number")).to_have_text("1")


def test_places_are_listed_where_no_map_can_be_drawn(browser_of: NewContext, server: Server) -> None:
    leader = sign_in(browser_of(SAFARI_14), server, "leader")
    call_out(leader, "A task with a place")
    leader.goto("/leader/#new")
    leader.click("#place-on-map")
    expect(leader.locator(".place-choices")).to_contain_text("cannot draw the map")

    commander = sign_in(browser_of(SAFARI_14, phone=False), server, "commander")
    places = commander.locator(".place-list")
    expect(places).to_contain_text("cannot draw the map")
    task = places.locator("li", has_text="A task with a place")
    expect(task.locator("a[href^='geo:']")).to_be_visible()
    assert not commander.evaluate(
        "performance.getEntriesByType('resource').some((e) => /mapview/.test(e.name))"
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_browser_that_is_too_old_is_told_so(browser_of: NewContext, server: Server, language: str) -> None:
    page: Page = browser_of(TOO_OLD, language=language).new_page()
    page.goto("/sign-in/")

    said = page.locator("#too-old p")
    first, second = ("too old", "版本过低") if language == "en" else ("版本过低", "too old")
    expect(said.nth(0)).to_contain_text(first)
    expect(said.nth(1)).to_contain_text(second)
