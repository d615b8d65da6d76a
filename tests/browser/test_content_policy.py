"""Pages work under their own policy: nothing of what they do is forbidden, and what gets into them does nothing."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.browser.pages import call_out, sign_in, wait_until
from tests.browser.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NewContext = Callable[..., BrowserContext]
LISTEN = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`forbidden: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
OF_VOLUNTEERS = ("my-data", "trackers", "devices", "devices/second-factor", "badge", "availability")
OF_LEADERS = ("imports", "roster", "numbers", "applications")
OVERHANG = "document.documentElement.scrollWidth - innerWidth"
FORBIDDEN = """
const evil = '<p id="evil" style="color: red" onclick="1">x</p><img src="x" onerror="1">';
document.body.insertAdjacentHTML("beforeend", evil);
const inline = document.createElement("script");
inline.textContent = "document.title = 'taken'";
document.body.append(inline);
"""


def listening(context: BrowserContext) -> list[str]:
    """Return what will be forbidden or fail on the pages of this browser."""
    told: list[str] = []
    context.add_init_script(LISTEN)
    context.on(
        "console", lambda line: told.append(f"{line.text} {line.location['url']}") if is_wrong(line) else None
    )
    context.on("weberror", lambda error: told.append(str(error.error)))
    return told


def is_wrong(line: ConsoleMessage) -> bool:
    """Tell whether the browser complains; that the operators' site has no icon is no harm."""
    return line.type in {"error", "warning"} and not line.location["url"].endswith("/favicon.ico")


def colours(page: Page, selector: str) -> int:
    """Return how many colours an element shows."""
    picture = Image.open(BytesIO(page.locator(selector).screenshot()))
    return len(picture.convert("RGB").getcolors(1 << 24) or ())


def is_too_wide(page: Page, address: str) -> bool:
    """Open a page, and tell whether it has to be moved sideways on this screen."""
    page.goto(address)
    return bool(page.evaluate(OVERHANG) > 0)


def test_map_is_drawn_by_its_worker(new_context: NewContext, server: Server) -> None:
    context = new_context(phone=False)
    told = listening(context)
    page = sign_in(context, server, "commander")
    expect(page.locator(".maplibregl-ctrl-zoom-in")).to_be_visible()
    expect(page.locator(".tree .unit").nth(1)).to_be_visible()

    wait_until(page, lambda: colours(page, ".maplibregl-canvas") > 10)
    assert any("worker" in worker.url and worker.url.startswith(server.url) for worker in page.workers)
    assert told == []


def test_pages_of_people_do_nothing_that_is_forbidden(new_context: NewContext, server: Server) -> None:
    context = new_context()
    told = listening(context)
    volunteer = sign_in(context, server, "volunteer")
    assert volunteer.evaluate("navigator.serviceWorker.ready.then((ready) => ready.active !== null)")
    too_wide = [name for name in OF_VOLUNTEERS if is_too_wide(volunteer, f"/{name}/")]
    volunteer.goto("/trackers/")
    volunteer.locator("form.form-row button.primary").click()
    expect(volunteer.locator("#made-title")).to_be_visible()

    assert told == []
    assert [*too_wide, volunteer.evaluate(OVERHANG)] == [0]


def test_pages_of_leaders_do_nothing_that_is_forbidden(new_context: NewContext, server: Server) -> None:
    context = new_context()
    told = listening(context)
    leader = sign_in(context, server, "leader")
    call_out(leader, "A call-out under the policy")
    assert leader.locator(".track .done").first.evaluate("(bar) => bar.style.width") == "0%"
    leader.goto("/leader/#new")
    leader.click("#category-patrol")
    leader.click("#place-on-map")
    expect(leader.locator(".place-map canvas")).to_be_visible()

    assert [name for name in OF_LEADERS if is_too_wide(leader, f"/{name}/")] == []
    assert told == []


def test_pages_of_operators_do_nothing_that_is_forbidden(new_context: NewContext, server: Server) -> None:
    server.manage("operator", server.people["commander"]["number"])
    context = new_context(phone=False)
    told = listening(context)
    page = sign_in(context, server, "commander")
    page.goto("/operators/")
    lists = [link.get_attribute("href") or "" for link in page.locator("#content th a").all()]
    for address in lists:
        page.goto(address)
    page.goto("/operators/volunteers/unit/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".readonly").first).to_be_visible()

    assert len(lists) > 5
    assert told == []


def test_what_gets_into_a_page_does_nothing(new_context: NewContext, server: Server) -> None:
    """Guards the tests above against hearing nothing."""
    context = new_context()
    told = listening(context)
    page = context.new_page()
    page.goto("/sign-in/")
    title = page.title()

    page.evaluate(FORBIDDEN)

    assert page.title() == title
    assert page.locator("#evil").evaluate("(one) => getComputedStyle(one).color") != "rgb(255, 0, 0)"
    wait_until(
        page,
        lambda: (
            {"script-src-elem", "script-src-attr", "style-src-attr"} <= {line.split()[1] for line in told}
        ),
    )
