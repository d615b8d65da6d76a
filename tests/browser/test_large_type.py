"""Type twice as large, as people set it who see little: nothing is cut off, and no page must be moved sideways."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages import accept, call_out, go_on_duty, open_context, sign_in
from tests.browser.server import Server

pytestmark = pytest.mark.browser

TWICE = "document.documentElement.style.fontSize = '200%'"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT_OFF = """() => [...document.querySelectorAll('button, a, summary, label, h1, h2, h3, p, dt, dd')]
    .filter((element) => element.offsetParent && !element.closest('.visually-hidden, .skip'))
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
        && getComputedStyle(element).overflowX !== 'visible')
    .map((element) => element.textContent.trim().slice(0, 40))"""


@pytest.fixture(params=["en", "zh-hans"])
def context(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    with open_context(browser, server, language=request.param) as opened:
        yield opened


def enlarge(page: Page) -> None:
    page.evaluate(TWICE)


def fits(page: Page) -> None:
    assert page.evaluate(SIDEWAYS) <= 0, f"{page.url} must be moved sideways"
    assert page.evaluate(CUT_OFF) == []


def test_an_order_is_read_and_accepted_in_large_type(
    browser: Browser, server: Server, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto("/sign-in/")
    enlarge(page)
    fits(page)
    page.close()
    title = f"In large type: {context.cookies()[0]['value']}"
    volunteer = sign_in(context, server, "volunteer")
    go_on_duty(volunteer)
    with open_context(browser, server) as leaders:
        call_out(sign_in(leaders, server, "leader"), title)
    enlarge(volunteer)
    expect(volunteer.locator("article.offer", has_text=title)).to_be_visible()
    volunteer.locator("article.offer summary").first.click()  # the maps
    fits(volunteer)

    accept(volunteer, title)

    fits(volunteer)


def test_a_leader_s_page_fits_in_large_type(server: Server, context: BrowserContext) -> None:
    leader = sign_in(context, server, "leader")
    enlarge(leader)
    fits(leader)
    leader.goto("/leader/#new")
    leader.wait_for_selector("#review")
    fits(leader)


def test_the_command_centre_fits_in_large_type(server: Server, context: BrowserContext) -> None:
    commander = sign_in(context, server, "commander")
    enlarge(commander)
    fits(commander)
