"""The volunteer's page through network loss, a killed server, and back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import accept, call_out, go_on_duty, sign_in, wait_until, wait_until_connected
from tests.browser.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NewContext = Callable[..., BrowserContext]


@pytest.fixture
def leader(new_context: NewContext, server: Server) -> Page:
    return sign_in(new_context(), server, "leader")


@pytest.fixture
def volunteer(new_context: NewContext, server: Server) -> Page:
    page = sign_in(new_context(), server, "volunteer")
    go_on_duty(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def test_page_gets_what_it_missed_exactly_once(leader: Page, volunteer: Page, server: Server) -> None:
    volunteer.context.set_offline(True)
    wait_until_connected(volunteer, "offline")
    server.kill()
    server.start()
    call_out(leader, "Called while the phone was away")
    expect(volunteer.get_by_text("Called while the phone was away")).to_have_count(0)

    volunteer.context.set_offline(False)
    wait_until_connected(volunteer)
    expect(volunteer.locator("article", has_text="Called while the phone was away")).to_have_count(1)
    volunteer.wait_for_timeout(3_000)
    expect(volunteer.locator("article", has_text="Called while the phone was away")).to_have_count(1)


def test_page_comes_back_after_the_server_was_killed(leader: Page, volunteer: Page, server: Server) -> None:
    server.kill()
    expect(volunteer.locator("#connection")).not_to_have_attribute("data-phase", "open")
    server.start()
    wait_until_connected(volunteer)
    call_out(leader, "After the restart")
    expect(volunteer.locator("article", has_text="After the restart")).to_have_count(1)


def test_answer_given_offline_arrives_even_after_a_reload(leader: Page, volunteer: Page) -> None:
    call_out(leader, "Answered in a tunnel")
    expect(volunteer.get_by_role("heading", name="Answered in a tunnel")).to_be_visible()
    volunteer.context.set_offline(True)
    wait_until_connected(volunteer, "offline")
    accept(volunteer, "Answered in a tunnel")
    expect(volunteer.get_by_text("Your answer is kept")).to_be_visible()

    volunteer.reload()
    expect(volunteer.get_by_text("Your answer is kept")).to_be_visible()
    expect(leader.locator("#counter-accepted .number")).to_have_text("0")

    volunteer.context.set_offline(False)
    expect(leader.locator("#counter-accepted .number")).to_have_text("1")
    expect(volunteer.locator(".notice.pending")).to_have_count(0)


def test_positions_wait_for_the_network(volunteer: Page) -> None:
    volunteer.context.set_offline(True)
    wait_until_connected(volunteer, "offline")
    expect(volunteer.get_by_text("wait for the network")).to_be_visible()
    volunteer.context.set_offline(False)
    expect(volunteer.get_by_text("wait for the network")).to_have_count(0)
    wait_until(volunteer, lambda: volunteer.evaluate(_FIXES_KEPT) == 0)


def test_answer_that_an_older_page_had_queued_arrives(leader: Page, volunteer: Page) -> None:
    """Before IndexedDB the page kept everything in `localStorage`; nothing of it is lost when the page is newer."""
    call_out(leader, "Queued by the page of before")
    expect(volunteer.get_by_role("heading", name="Queued by the page of before")).to_be_visible()
    volunteer.context.set_offline(True)
    wait_until_connected(volunteer, "offline")
    accept(volunteer, "Queued by the page of before")
    expect(volunteer.get_by_text("Your answer is kept")).to_be_visible()
    assert volunteer.evaluate(_PUT_BACK_INTO_LOCAL_STORAGE) >= 2
    volunteer.goto("about:blank")

    volunteer.goto("/me/")
    expect(volunteer.get_by_text("Your answer is kept")).to_be_visible()
    assert volunteer.evaluate("Object.keys(localStorage).filter((key) => key.includes('command'))") == []
    volunteer.context.set_offline(False)
    expect(leader.locator("#counter-accepted .number")).to_have_text("1")
    expect(volunteer.locator(".notice.pending")).to_have_count(0)


_ENTRIES = """
  const done = (asked) => new Promise((resolve, reject) =>
    Object.assign(asked, { onsuccess: () => resolve(asked.result), onerror: () => reject(asked.error) }));
  const database = await done(indexedDB.open("muster"));
  const kept = database.transaction("kept", "readwrite").objectStore("kept");
"""
_FIXES_KEPT = f"""async () => {{
  {_ENTRIES}
  const name = (await done(kept.getAllKeys())).find((key) => key.endsWith(".fixes"));
  return name ? (await done(kept.get(name))).length : 0;
}}"""
_PUT_BACK_INTO_LOCAL_STORAGE = f"""async () => {{
  {_ENTRIES}
  const names = await done(kept.getAllKeys());
  for (const name of names) localStorage.setItem(name, JSON.stringify(await done(kept.get(name))));
  await done(kept.clear());
  return names.length;
}}"""


def test_worker_keeps_only_the_shell(volunteer: Page) -> None:
    kept: list[Any] = volunteer.evaluate(
        """async () => {
          const names = await caches.keys();
          const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
          return lists.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    assert "/me/" in kept
    assert not [path for path in kept if path.startswith("/api/")]
