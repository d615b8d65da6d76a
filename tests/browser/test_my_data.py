"""People decide about their own data on a phone: agree, withdraw, see what follows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.pages import go_on_duty, sign_in
from tests.browser.server import Server
from tests.browser.test_words import check

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NewContext = Callable[..., BrowserContext]


def test_my_data_fits_a_phone_and_speaks_one_language(new_context: NewContext, server: Server) -> None:
    page = sign_in(new_context(language="zh-hans"), server, "volunteer")
    page.goto("/my-data/")
    expect(page.get_by_role("heading", level=1)).to_have_text("我的数据")
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_withdrawing_from_being_located_is_told_on_the_page_of_tasks(
    new_context: NewContext, server: Server
) -> None:
    page = sign_in(new_context(), server, "volunteer")
    go_on_duty(page)
    page.goto("/my-data/")
    location = page.locator("form.card", has_text="Location")
    location.get_by_role("button", name="Withdraw").press("Enter")
    expect(location.get_by_role("button", name="Agree")).to_be_visible()

    page.goto("/me/")
    expect(page.get_by_text("Your position is not reported")).to_be_visible()
    page.get_by_role("link", name="Read, and agree to being located").click()
    location.get_by_role("button", name="Agree").click()
    expect(location.get_by_role("button", name="Withdraw")).to_be_visible()
