"""What people do on the pages, in their words."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.server import PASSWORD, Server

# A machine that is busy with other tests is no failure of the pages.
expect.set_options(timeout=20_000)

PHONE = {"width": 360, "height": 780}
"""As narrow as the old phones of many volunteers."""
DESK = {"width": 1440, "height": 900}
SQUARE = {"longitude": 119.8926, "latitude": 29.4569, "accuracy": 12}


def open_context(
    browser: Browser, server: Server, *, phone: bool = True, language: str = "en"
) -> BrowserContext:
    """Return a browser of its own, that knows where it is."""
    context = browser.new_context(
        base_url=server.url,
        viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
        locale="zh-CN" if language == "zh-hans" else "en-GB",
        has_touch=phone,
        geolocation=SQUARE,  # type: ignore[arg-type]
        permissions=["geolocation"],
    )
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": "django_language", "value": language, "url": server.url}])
    return context


def sign_in(context: BrowserContext, server: Server, who: str) -> Page:
    """Sign in as one of the people of the formation, and return the page that this leads to."""
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("[name=identifier]", server.people[who]["number"])
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")
    page.wait_for_url(re.compile(r"/(console|leader|me)/"))
    wait_until_connected(page)
    return page


def go_on_duty(volunteer: Page) -> None:
    """Be on duty, whatever the test before has left."""
    duty = volunteer.locator("#duty")
    if duty.get_attribute("aria-checked") == "false":
        duty.click()
    expect(duty).to_have_attribute("aria-checked", "true")
    expect(volunteer.locator(".notice.pending")).to_have_count(0)


def wait_until_connected(page: Page, phase: str = "open") -> None:
    """Wait until the bar says so."""
    expect(page.locator("#connection")).to_have_attribute("data-phase", phase)


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds. Playwright's own `wait_for_function` lets the page evaluate a text: forbidden."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        page.wait_for_timeout(100)


def call_out(leader: Page, title: str, *, headcount: int = 2, category: str = "patrol") -> None:
    """Call out one's own unit with the fewest taps, and a title of one's own."""
    leader.goto("/leader/#new")
    leader.click(f"#category-{category}")
    leader.fill("#title", title)
    leader.fill("#headcount", str(headcount))
    leader.click("#review")
    leader.click("#send:enabled")
    expect(leader.locator("#watch-title")).to_have_text(title)


def accept(volunteer: Page, title: str) -> None:
    """Accept a call-out, there in ten minutes."""
    offer = volunteer.locator("article.offer", has_text=title)
    offer.locator("button.primary").click()
    offer.locator(".choices .chip", has_text="10").click()
