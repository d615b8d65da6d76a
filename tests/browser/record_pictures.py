"""Photographs the pages of records, with something on each of them."""

import json
import subprocess
import sys
from io import BytesIO
from typing import Protocol

import pyotp
from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import open_context, sign_in
from tests.browser.server import PASSWORD, ROOT, Server

PAPER = """
import json
from datetime import timedelta
from io import BytesIO
from uuid import UUID
from django.utils.timezone import now
from PIL import Image, ImageDraw
from uuid6 import uuid7
from backend.accounts.models import User
from backend.joining.schemas import ApplicationIn
from backend.joining.services.applications import apply
from backend.tracking.models import WhyNotStored
from backend.tracking.schemas.trackers import TrackerIn
from backend.tracking.services.trackers import make_tracker, report_by_tracker, tracker_by_secret
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.schemas.availability import HoursIn, PeriodIn
from backend.volunteers.services.availability import add_to_plan
from backend.badges.services import issue_badge, keep_photo
from backend.volunteers.services.access_log import note_sightings
from backend.volunteers.services.people import create_volunteer
people, at = json.loads(PEOPLE), now()
user_of = lambda who: User.objects.get(volunteer__number=int(people[who]["number"]))
leader, volunteer = user_of("leader"), user_of("volunteer")
face = Image.new("RGB", (600, 800), "#9ec5d3")
draw = ImageDraw.Draw(face)
draw.ellipse((170, 150, 430, 480), fill="#e8c1a0")
draw.ellipse((60, 520, 540, 1100), fill="#0b6b6b")
raw = BytesIO()
face.save(raw, "JPEG")
keep_photo(raw=raw.getvalue(), by=volunteer, at=at)
issue_badge(id=UUID(str(uuid7())), volunteer=volunteer.volunteer, by=leader, at=at)
note_sightings({leader.pk: [volunteer.volunteer.number]}, at=at)
for name, phone in (("欧阳建国", "10009000001"), ("Wilhelmina Featherstonehaugh-Cholmondeley", "10009000002")):
    wanted = {"id": str(uuid7()), "unit": people["leader"]["unit"], "name": name, "phone": phone}
    apply(wanted=ApplicationIn.model_validate(wanted), address="127.0.0.1", at=at)
for name, before in (("旧手机", timedelta(hours=30)), ("Traccar on the old phone of the squadron", timedelta(hours=1))):
    secret = make_tracker(wanted=TrackerIn(name=name), by=volunteer, at=at - before).secret
    for then in (at - before, at):
        told = [WhyNotStored.TOO_OLD, WhyNotStored.NO_PLACE]
        report_by_tracker(tracker=tracker_by_secret(secret, at=then), told=told, at=then)
Volunteer.objects.filter(user=leader).update(identity_to_confirm=True)
unit = Unit.objects.get(number=people["leader"]["unit"])
create_volunteer(name="诸葛亮亮", phone="10009000003", units=[unit], by=None, at=at)
add_to_plan(hours=[HoursIn(weekday=4, start="21:00", end="24:00"), HoursIn(weekday=5, start="00:00", end="04:30")],
    periods=[PeriodIn(from_at=at, until_at=at + timedelta(days=3), available=False)], by=volunteer, at=at)
"""
ROSTER = """姓名,手机,身份证,单位,职务,备注
欧阳晓东,10008000001,,,,
王小华,10008000002,,,队长,
李明,10008000001,,,,重复
赵刚,12,,,,
,10008000004,,,,
"""


class Shot(Protocol):
    """Takes a picture of a page."""

    def __call__(self, page: Page, name: str, *, whole: bool = False) -> None: ...


def put_records(server: Server) -> None:
    """Put on record what the pages are to show: badges, a picture, applications, people without a password."""
    script = f"PEOPLE = {json.dumps(json.dumps(server.people))}\n{PAPER}"
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True)


def photograph_records(browser: Browser, server: Server, language: str, phone: bool, shot: Shot) -> None:
    """Take every page of records, as a leader and as a volunteer."""
    leader = sign_in(open_context(browser, server, phone=phone, language=language), server, "leader")
    volunteer = sign_in(open_context(browser, server, phone=phone, language=language), server, "volunteer")
    unit = server.people["leader"]["unit"]
    photograph_roster(leader, shot)
    photograph_import(leader, shot)
    photograph_sheets(leader, shot)
    photograph_numbers(leader, shot, unit)
    for name, address in (
        ("applications", "/applications/"),
        ("unit-badges", f"/badges/{unit}/"),
        ("invitations", f"/invitations/{unit}/"),
        ("badge-none", "/badge/"),
    ):
        leader.goto(address)
        shot(leader, name, whole=True)
    for name in ("badge", "availability", "my-data", "devices", "trackers"):
        volunteer.goto(f"/{name}/")
        shot(volunteer, name, whole=True)
    volunteer.locator("form.form-row button.primary").click()
    shot(volunteer, "tracker-made", whole=True)
    leader.goto("/my-data/")
    shot(leader, "identity", whole=True)
    photograph_refusals(leader, shot)
    photograph_check(volunteer, shot, server.people["volunteer"]["number"])
    volunteer.goto("/me/")
    volunteer.locator(".pages-aside summary").click()
    shot(volunteer, "menu")
    photograph_sign_in(browser, server, language, phone, shot)
    leader.context.close()
    volunteer.context.close()


def photograph_roster(leader: Page, shot: Shot) -> None:
    """Take the roster, searches on it, and the unit."""
    leader.goto("/roster/")
    shot(leader, "roster", whole=True)
    leader.locator("tbody a[href^='/people/']").last.click()
    for note in leader.locator("main details").all():
        note.locator("summary").click()
    leader.evaluate("scrollTo(0, 0)")
    shot(leader, "person", whole=True)
    leader.goto("/roster/")
    leader.fill("#search", "w")
    leader.click("form[role=search] button")
    shot(leader, "roster-search", whole=True)
    leader.goto("/roster/?search=nobody")
    shot(leader, "roster-nobody", whole=True)
    leader.locator("header .actions a").first.click()
    shot(leader, "unit", whole=True)


def photograph_import(leader: Page, shot: Shot) -> None:
    """Take the list of imports, one that is being checked, and its report."""
    leader.goto("/imports/")
    leader.fill("#name", "2026 秋季")
    leader.set_input_files("#file", {"name": "花名册.csv", "mimeType": "text/csv", "buffer": ROSTER.encode()})
    leader.locator("form[enctype] button.primary").click()
    shot(leader, "import-begun", whole=True)
    expect(leader.locator("tbody tr").first).to_be_visible()
    expect(leader.locator("input[value=start]")).to_be_attached()
    shot(leader, "import-report", whole=True)
    leader.goto("/imports/")
    shot(leader, "imports", whole=True)


def photograph_sheets(leader: Page, shot: Shot) -> None:
    """Take the report of a workbook with several sheets."""
    leader.goto("/imports/")
    leader.fill("#name", "2026 冬季")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    leader.set_input_files("#file", {"name": "花名册.xlsx", "mimeType": kind, "buffer": workbook()})
    leader.locator("form[enctype] button.primary").click()
    expect(leader.locator("input[value=start]")).to_be_attached()
    shot(leader, "import-sheets", whole=True)


def workbook() -> bytes:
    """Return a roster in two sheets, with merged cells, beside a sheet that is none."""
    book, written = Workbook(), BytesIO()
    book.remove(book.worksheets[0])
    for village, first in (("浦南街道文溪社区平安巡逻队", 1), ("江滨社区", 2)):
        sheet = book.create_sheet(village)
        sheet.append(["姓名", "手机", "备注"])
        for n in range(3):
            sheet.append([f"欧阳{'一二三'[n]}", f"1000700{first}00{n}", "夜间可值勤"])
        sheet.merge_cells("C2:C4")
    book.create_sheet("统计").append(["合计", 6])
    book.create_sheet("旧名单").append(["姓名", "手机"])
    book.worksheets[-1].sheet_state = "hidden"
    book.save(written)
    return written.getvalue()


def photograph_refusals(leader: Page, shot: Shot) -> None:
    """Take what is answered to a page that there is not, and to a form that is none."""
    leader.goto("/nothing/")
    shot(leader, "no-such-page", whole=True)
    leader.evaluate("document.querySelector('form [name=csrfmiddlewaretoken]').value = 'stale'")
    leader.locator("form[action$='/language/'] button").click()
    shot(leader, "refused", whole=True)


def photograph_numbers(leader: Page, shot: Shot, unit: str) -> None:
    """Take the pages of numbers: looked up, refused, a block."""
    leader.goto("/numbers/?number=23456782")
    shot(leader, "numbers", whole=True)
    leader.fill("#size", "12")
    leader.locator("form[action$='/blocks/'] button").click()
    shot(leader, "number-block", whole=True)
    leader.fill("#number", "1")
    leader.fill("#name", "x")
    leader.locator("form[action$='/people/'] button").click()
    shot(leader, "number-block-refused", whole=True)


def photograph_check(volunteer: Page, shot: Shot, number: str) -> None:
    """Take what a stranger's camera opens."""
    volunteer.goto("/b/nonsense")
    shot(volunteer, "check-badge-unknown")
    badge = volunteer.request.get(f"/api/v1/volunteers/{number}/badge").json()
    volunteer.goto(f"/b/{badge['text']}")
    shot(volunteer, "check-badge")


def photograph_sign_in(browser: Browser, server: Server, language: str, phone: bool, shot: Shot) -> None:
    """Take the steps of signing in: an invitation, the second factor."""
    context = open_context(browser, server, phone=phone, language=language)
    page = context.new_page()
    page.goto("/sign-in/invitation/")
    shot(page, "sign-in-invitation")
    page.locator("main form button").click()
    shot(page, "sign-in-invitation-errors", whole=True)
    commander = sign_in(context, server, "commander")
    commander.goto("/devices/second-factor/")
    shot(commander, "second-factor", whole=True)
    secret = commander.locator("code").inner_text()
    commander.fill("#id_code", pyotp.TOTP(secret).now())
    commander.locator("main form button").click()
    shot(commander, "recovery-codes", whole=True)
    first, second = commander.locator("main li code").all_inner_texts()[:2]
    context.clear_cookies()
    context.add_cookies([{"name": "django_language", "value": language, "url": server.url}])
    page.goto("/sign-in/")
    page.fill("[name=identifier]", server.people["commander"]["number"])
    page.fill("[name=password]", PASSWORD)
    page.locator("main form button").click()
    shot(page, "sign-in-code", whole=True)
    page.fill("#id_code", "000000")
    page.locator("button[value=enter]").click()
    shot(page, "sign-in-code-error", whole=True)
    page.fill("#id_code", first)
    page.locator("button[value=enter]").click()
    page.goto("/devices/second-factor/")
    shot(page, "second-factor-held", whole=True)
    page.fill("#id_code", second)
    page.locator("button[value=remove]").click()
    expect(page.locator("#factor-title")).to_be_visible()
    context.close()
