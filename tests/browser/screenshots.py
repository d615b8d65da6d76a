"""Photographs every page, in both languages, on a phone and on a desk: `python -m tests.browser.screenshots DIR`.

With `--live` only the pages of volunteers, leaders and commanders.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.pages import accept, call_out, open_context, sign_in
from tests.browser.record_pictures import Shot, photograph_records, put_records
from tests.browser.server import ROOT, Server

LANGUAGES = {"en": "en", "zh-hans": "zh"}
TITLES = {
    "en": ("Evening patrol at the school gate", "Clean the river bank", "Look for a missing child"),
    "zh-hans": ("校门口夜间巡逻", "清理河岸", "寻找走失儿童"),
}
# People on duty in Pujiang as the live map would show them a few minutes into a call-out.
SCATTER = """
import random
from datetime import timedelta
from django.utils.timezone import now
from backend.tracking.models import LatestPosition
from backend.volunteers.models import Volunteer
from simulator.habits import home_near
from simulator.phone import PUJIANG
chance, at = random.Random(726), now()
people = Volunteer.objects.filter(duty_until__gt=at, memberships__is_primary=True)
for number, scope in people.values_list("number", "memberships__unit__path"):
    lon, lat = home_near(PUJIANG, of=scope)
    age = timedelta(seconds=chance.choice([1, 2, 3, 4, 5, 200, 400, 3_000]))
    LatestPosition.objects.update_or_create(person=number, defaults=dict(
        scope=scope, at=at - age, received_at=at, lon=lon + chance.gauss(0, 0.012), lat=lat + chance.gauss(0, 0.009),
        accuracy_m=9, battery=80))
"""


def main(folder: Path, *, with_records: bool) -> None:
    """Start a server with the whole formation, play a little, and photograph."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        server = Server(Path(temporary))
        server.prepare(people=400, whole=True, on_duty=0.6)
        if with_records:
            put_records(server)
        server.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            for language in LANGUAGES:
                photograph(browser, server, language, folder, with_records=with_records)
        finally:
            browser.close()
            server.kill()


def photograph(browser: Browser, server: Server, language: str, folder: Path, *, with_records: bool) -> None:
    """Take every page of one language."""
    patrol, river, child = TITLES[language]
    for phone in (True, False):
        size = f"{LANGUAGES[language]}-{360 if phone else 1440}"

        def shot(page: Page, name: str, *, whole: bool = False, size: str = size) -> None:
            page.wait_for_timeout(700)
            page.screenshot(path=folder / f"{name}-{size}.png", full_page=whole)

        context = open_context(browser, server, phone=phone, language=language)
        page = context.new_page()
        page.goto("/sign-in/")
        shot(page, "sign-in")
        page.click("main form button")
        shot(page, "sign-in-errors")
        volunteer = sign_in(
            open_context(browser, server, phone=phone, language=language), server, "volunteer"
        )
        shot(volunteer, "me-empty" if phone and language == "en" else "me-before", whole=True)
        leader = sign_in(context, server, "leader")
        photograph_form(leader, shot)
        for title, category in ((river, "environment"), (child, "rescue"), (patrol, "patrol")):
            call_out(leader, title, headcount=3, category=category)
        photograph_answers(volunteer, shot, language)
        photograph_list(leader, shot)
        if with_records:
            photograph_records(browser, server, language, phone, shot)
        console(browser, server, language, phone, shot)
        volunteer.context.close()
        context.close()


def photograph_form(leader: Page, shot: Shot) -> None:
    """Take the making of a call-out."""
    leader.goto("/leader/#new")
    leader.click("#category-patrol")
    leader.click("#place-on-map")
    expect(leader.locator(".place-map canvas")).to_be_visible()
    leader.wait_for_timeout(1_500)
    shot(leader, "leader-form", whole=True)
    leader.click("#review")
    expect(leader.locator("#send:enabled")).to_be_visible()
    shot(leader, "leader-review")
    leader.locator("dialog button").first.click()


def photograph_answers(volunteer: Page, shot: Shot, language: str) -> None:
    """Take the inbox, and answers given with and without a network."""
    patrol, river, child = (
        volunteer.locator("article.offer", has_text=title).first for title in TITLES[language]
    )
    expect(patrol).to_be_visible()
    shot(volunteer, "me-inbox", whole=True)
    patrol.locator("button.primary").click()
    shot(volunteer, "me-eta")
    patrol.locator(".choices .quiet").click()
    accept(volunteer, TITLES[language][0])
    river.locator(".answers button").first.click()
    river.locator(".choices .chip").nth(1).click()
    volunteer.wait_for_timeout(1_000)
    shot(volunteer, "me-answered", whole=True)
    volunteer.context.set_offline(True)
    child.locator("button.primary").click()
    child.locator(".choices .chip").first.click()
    shot(volunteer, "me-offline")
    volunteer.context.set_offline(False)


def photograph_list(leader: Page, shot: Shot) -> None:
    """Take the list of a call-out, and the list of call-outs."""
    leader.wait_for_timeout(2_000)
    shot(leader, "leader-watch", whole=True)
    leader.click("#counter-not_reached")
    shot(leader, "leader-not-reached")
    leader.goto("/leader/#list")
    shot(leader, "leader-list")
    leader.goto(leader.url.replace("#list", "#new"))


def console(browser: Browser, server: Server, language: str, phone: bool, shot: Shot) -> None:
    """Take the command centre: far, near, and the lists of the phone."""
    scatter(server)
    context = open_context(browser, server, phone=phone, language=language)
    page = sign_in(context, server, "commander")
    expect(page.locator(".map-panel")).not_to_have_attribute("data-people", "0", timeout=20_000)
    page.wait_for_timeout(2_500)
    shot(page, "console")
    if phone:
        page.click("#tab-units")
        shot(page, "console-units")
        page.click("#tab-tasks")
        shot(page, "console-tasks")
        page.click("#tab-units")
    page.locator(".tree .unit").nth(1).click()
    page.wait_for_timeout(4_000)
    shot(page, "console-near")
    context.close()


def scatter(server: Server) -> None:
    """Put the people on duty on the map."""
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", SCATTER]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True, capture_output=True)


if __name__ == "__main__":
    folders = [name for name in sys.argv[1:] if name != "--live"]
    main(Path(folders[0] if folders else tempfile.mkdtemp()), with_records="--live" not in sys.argv)
