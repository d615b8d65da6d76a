"""No page shows a text of the other language, and everything that can be operated has a name."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import accept, call_out, go_on_duty, sign_in
from tests.browser.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NewContext = Callable[..., BrowserContext]
ALLOWED = {"English", "WGS", "JavaScript"}
OPERATED = {
    "button", "checkbox", "combobox", "link", "progressbar", "radio", "spinbutton", "switch", "textbox", "InputTime",
}  # fmt: skip
# What people wrote themselves stays in their language.
TEXTS = """() => {
  const others = "script, style, noscript, [lang=en], #watch-title, .task-line strong, .offer h3, .person .hint, .said";
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest(others)) found.push(walker.currentNode.textContent);
  }
  for (const element of document.querySelectorAll("*")) {
    for (const name of ["aria-label", "placeholder", "title", "alt"]) {
      if (element.hasAttribute(name) && !element.closest("[lang=en]")) found.push(element.getAttribute(name));
    }
  }
  found.push(document.title);
  return found;
}"""


def foreign_words(page: Page) -> set[str]:
    """Return the words in Latin letters on a Chinese page that have no business there."""
    texts: list[str] = page.evaluate(TEXTS)
    words = {word for text in texts for word in re.findall(r"[A-Za-z]{3,}", text)}
    return words - ALLOWED


def nameless(page: Page) -> list[dict[str, Any]]:
    """Return what can be operated and has no accessible name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        node
        for node in nodes
        if not node.get("ignored")
        and node.get("role", {}).get("value") in OPERATED
        and not str(node.get("name", {}).get("value", "")).strip()
    ]


def check(page: Page) -> None:
    assert foreign_words(page) == set()
    assert nameless(page) == []


def test_sign_in_page(new_context: NewContext) -> None:
    page = new_context(language="zh-hans").new_page()
    page.goto("/sign-in/")
    check(page)
    page.click("main form button")
    expect(page.locator(".field-error").first).to_be_visible()
    page.fill("[name=identifier]", "12345678")
    page.fill("[name=password]", "wrong")
    page.click("main form button")
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)


def test_pages_of_a_call_out(new_context: NewContext, server: Server) -> None:
    leader = sign_in(new_context(language="zh-hans"), server, "leader")
    volunteer = sign_in(new_context(language="zh-hans"), server, "volunteer")
    go_on_duty(volunteer)
    leader.goto("/leader/#new")
    expect(leader.locator(".unit-choice").first).to_contain_text("人在岗")
    check(leader)
    leader.click("#place-on-map")
    expect(leader.locator(".place-map canvas")).to_be_visible()
    check(leader)
    call_out(leader, "今晚到校门口巡逻")
    check(leader)
    expect(volunteer.locator("article.offer.offered", has_text="今晚到校门口巡逻")).to_be_visible()
    check(volunteer)
    accept(volunteer, "今晚到校门口巡逻")
    expect(leader.locator("#counter-accepted .number")).to_have_text("1")
    check(volunteer)
    leader.click("#call-off")
    check(leader)


def test_command_centre(new_context: NewContext, server: Server) -> None:
    commander = sign_in(new_context(language="zh-hans", phone=False), server, "commander")
    expect(commander.locator(".tree .unit").nth(1)).to_be_visible()
    expect(commander.locator(".maplibregl-ctrl-zoom-in")).to_be_visible()
    check(commander)


def test_language_button_changes_the_page_and_stays(new_context: NewContext, server: Server) -> None:
    page = sign_in(new_context(), server, "volunteer")
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    page.goto("/me/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
