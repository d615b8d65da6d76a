"""A leader calls out, a volunteer answers, everybody sees it without reloading."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import accept, call_out, go_on_duty, sign_in
from tests.browser.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NewContext = Callable[..., BrowserContext]
CALLED_OFF = "from backend.dispatch.models import Task; Task.objects.update(status='cancelled')"
RAN_OUT = """
from datetime import timedelta
from django.utils.timezone import now
from backend.volunteers.models import Volunteer
Volunteer.objects.filter(number=int("{number}")).update(duty_until=now() - timedelta(seconds=1))
"""


@pytest.fixture
def leader(new_context: NewContext, server: Server) -> Page:
    return sign_in(new_context(), server, "leader")


@pytest.fixture
def volunteer(new_context: NewContext, server: Server) -> Page:
    page = sign_in(new_context(), server, "volunteer")
    go_on_duty(page)
    return page


@pytest.fixture
def commander(new_context: NewContext, server: Server) -> Page:
    return sign_in(new_context(phone=False), server, "commander")


def test_call_out_reaches_the_volunteer_and_the_answer_comes_back(
    leader: Page, volunteer: Page, commander: Page
) -> None:
    # The volunteer is on duty: the position that the page reports is on the commander's map.
    expect(commander.locator(".map-panel")).to_have_attribute("data-people", "1")
    expect(commander.locator(".map-panel")).to_have_attribute("data-drawn", "1")

    call_out(leader, "Six people to the school gate")
    expect(volunteer.get_by_role("heading", name="Six people to the school gate")).to_be_visible()
    board = commander.locator(".task-list li", has_text="Six people to the school gate")
    expect(board.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")

    accept(volunteer, "Six people to the school gate")
    offer = volunteer.locator("article.offer", has_text="Six people to the school gate")
    expect(offer.locator(".state.accepted")).to_be_visible()
    expect(leader.locator("#counter-accepted .number")).to_have_text("1")
    expect(leader.locator(".person.accepted")).to_have_count(1)
    expect(board.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1")


def test_map_follows_the_volunteer(commander: Page, volunteer: Page, server: Server) -> None:
    server.manage(
        "shell", "-c", CALLED_OFF
    )  # a place in a task of another test would locate them off duty too
    expect(commander.locator(".map-panel")).to_have_attribute("data-people", "1")
    volunteer.click("#duty")
    expect(volunteer.locator("#duty")).to_have_attribute("aria-checked", "false")
    expect(commander.locator(".map-panel")).to_have_attribute("data-people", "0")
    volunteer.click("#duty")
    expect(commander.locator(".map-panel")).to_have_attribute("data-people", "1")


def test_duty_that_ran_out_says_why(new_context: NewContext, server: Server) -> None:
    page = sign_in(new_context(language="zh-hans"), server, "volunteer")
    go_on_duty(page)

    server.manage("shell", "-c", RAN_OUT.format(number=server.people["volunteer"]["number"]))

    expect(page.locator("#duty-ended")).to_have_text("您已达到最长在岗时间，系统自动离岗。")
    page.reload()
    expect(page.locator("#duty-ended")).to_be_visible()
    go_on_duty(page)
    expect(page.locator("#duty-ended")).to_have_count(0)


def test_call_out_takes_less_than_thirty_seconds(leader: Page) -> None:
    begun = time.monotonic()
    leader.goto("/leader/")
    leader.wait_for_selector("#app[data-view]")
    if leader.locator("#app").get_attribute("data-view") == "list":  # orders of another test run
        leader.click("#new")
    leader.click("#category-rescue")
    leader.click("#review")
    leader.click("#send:enabled")
    expect(leader.locator("#watch-title")).to_be_visible()
    assert time.monotonic() - begun < 30


def test_calling_off_tells_the_volunteer_why(leader: Page, volunteer: Page) -> None:
    call_out(leader, "A search that ends early")
    accept(volunteer, "A search that ends early")
    offer = volunteer.locator("article.offer", has_text="A search that ends early")
    expect(offer.locator(".state.accepted")).to_be_visible()
    leader.click("#call-off")
    leader.fill("#call-off-reason", "The child has been found")
    leader.click("#call-off-do")
    told = volunteer.get_by_role("alert").filter(has_text="Called off: A search that ends early.")
    expect(told).to_contain_text("You need not come.Reason: The child has been found")
    expect(volunteer.locator("#announcer")).to_contain_text("Called off: A search that ends early.")
    expect(offer.get_by_text("The child has been found")).to_be_visible()
    volunteer.reload()
    told.get_by_role("button", name="I have read it").click()
    expect(told).to_have_count(0)
    expect(offer.locator(".state")).to_have_text("Called off; you had accepted")


def test_decline_shows_its_reason_to_the_leader(leader: Page, volunteer: Page) -> None:
    call_out(leader, "Somebody has to say no")
    offer = volunteer.locator("article.offer", has_text="Somebody has to say no")
    offer.get_by_role("button", name="Decline").click()
    offer.get_by_role("button", name="Too far away").click()
    expect(leader.locator("#counter-declined .number")).to_have_text("1")
    leader.click("#counter-declined")
    expect(leader.locator(".person.declined")).to_contain_text("Too far away")
