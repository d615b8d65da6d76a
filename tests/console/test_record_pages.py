"""What all pages of records share: where a form's address leads, by whose clocks times are told."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.badges.pages import badge
from backend.badges.services import issue_badge
from backend.joining.pages import invitations
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import format_volunteer_number
from tests.conftest import Formation, MakeVolunteer
from tests.console.test_my_data import signed_in

BLOCK = "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5a"  # the same in both workers of a parallel run


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/devices/password/", "/devices/"),
        (f"/devices/{BLOCK}/sign-out/", "/devices/"),
        (f"/trackers/{BLOCK}/end/", "/trackers/"),
        ("/badge/photo/", "/badge/"),
        ("/badges/0726010014/23456781/revoke/", "/badges/0726010014/"),
        ("/my-data/consents/photo", "/my-data/"),
        ("/my-data/deletion", "/my-data/"),
        ("/numbers/walk-ins/", "/numbers/"),
        ("/numbers/life/", "/numbers/"),
        ("/numbers/blocks/", "/numbers/"),
        (f"/numbers/blocks/0726010014/{BLOCK}/people/", f"/numbers/blocks/0726010014/{BLOCK}/"),
        (f"/numbers/blocks/0726010014/{BLOCK}/return/", f"/numbers/blocks/0726010014/{BLOCK}/"),
        (f"/applications/{BLOCK}/", "/applications/"),
        (f"/units/0726010014/desk/shifts/{BLOCK}/", "/units/0726010014/desk/"),
        (f"/units/0726010014/desk/hand-overs/{BLOCK}/", "/units/0726010014/desk/"),
    ],
)
def test_address_of_a_form_leads_back_to_its_page(volunteer: User, address: str, page: str) -> None:
    client = signed_in(volunteer)

    assert client.get(address).headers["Location"] == page
    assert client.put(address).status_code == 405
    assert Client().get(address).headers["Location"] == f"/sign-in/?next={address}"


def test_language_may_be_chosen_where_a_form_was_refused(volunteer: User) -> None:
    client = signed_in(volunteer)
    refused = client.post("/devices/password/", {"current": "x", "new": "y"})
    assert (refused.status_code, 'name="next" value="/devices/password/"' in refused.content.decode()) == (
        422,
        True,
    )

    chosen = client.post("/language/", {"language": "zh-hans", "next": "/devices/password/"}, follow=True)

    assert chosen.status_code == 200
    assert "设备与登录" in chosen.content.decode()


def test_times_are_by_the_clocks_of_the_unit(volunteer: User, formation: Formation) -> None:
    client = signed_in(volunteer)
    seen = Device.objects.filter(user=volunteer).latest("last_seen_at").last_seen_at
    assert seen is not None

    for zone in ("Asia/Shanghai", "Europe/Berlin"):
        Unit.objects.filter(pk=formation.squadron_a.pk).update(zone=zone)
        shown = client.get("/devices/").content.decode()
        assert f"{seen.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" in shown


def test_numbers_are_written_in_two_groups(leader: User, volunteer: User, at: datetime) -> None:
    number = volunteer.volunteer.number
    mistyped = number - number % 10 + (number + 1) % 10

    shown = signed_in(leader).get("/numbers/", {"number": f"{mistyped:08d}"}).content.decode()

    assert f'">{format_volunteer_number(number)}' in shown


def test_refused_form_keeps_what_was_typed_and_marks_what_is_wrong(
    leader: User, volunteer: User, formation: Formation
) -> None:
    client, unit = signed_in(leader), formation.squadron_a.number
    sent = {"id": f"{uuid7()}", "unit": unit, "name": "赵六", "phone": "12"}

    wrong = client.post("/numbers/walk-ins/", sent).content.decode()
    taken = client.post("/numbers/walk-ins/", {**sent, "phone": volunteer.phone}).content.decode()

    assert 'value="赵六"' in wrong
    for shown, phone in ((wrong, "12"), (taken, volunteer.phone)):
        assert re.search(
            f'<input [^>]*value="{phone}"[^>]* aria-invalid="true" aria-describedby="phone_error"', shown
        )
        assert '<div id="phone_error"><p class="field-error">' in shown
        assert 'role="alert"' in shown
    assert "This is no phone number" in wrong
    assert "Another person has this phone" in taken


@pytest.mark.parametrize("address", ["/numbers/walk-ins/", "/badges/{unit}/{number}/revoke/"])
def test_form_with_nul_is_refused(leader: User, volunteer: User, formation: Formation, address: str) -> None:
    unit, number = formation.squadron_a.number, f"{volunteer.volunteer.number:08d}"
    sent = {"id": f"{uuid7()}", "unit": unit, "name": "a\0b", "reason": "a\0b"}

    assert signed_in(leader).post(address.format(unit=unit, number=number), sent).status_code == 400


def test_pages_of_invitations_lead_to_everybody(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "AT_ONCE", 2)
    waiting = sorted(make_volunteer(formation.squadron_a).number for _ in range(3))
    User.objects.filter(volunteer__number__in=waiting).update(password="")
    client, address = signed_in(leader), f"/invitations/{formation.squadron_a.number}/"

    first, second = (client.get(address, {"page": page}).content.decode() for page in (0, 1))

    shown = [[number for number in waiting if f"{number:08d}" in page] for page in (first, second)]
    assert shown == [waiting[:2], waiting[2:]]
    assert ('href="?page=1"' in first, 'href="?page=0"' in second) == (True, True)
    assert client.post(f"{address}?page=1", {"person": f"{waiting[2]:08d}"}).content.startswith(b"%PDF-")


def test_page_of_badges_says_when_the_sheet_does_not_hold_all(
    leader: User, volunteer: User, formation: Formation, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = signed_in(leader), f"/badges/{formation.squadron_a.number}/"
    for person in (leader, volunteer):
        issue_badge(id=uuid7(), volunteer=person.volunteer, by=leader, at=at)

    assert "The sheet has the first" not in client.get(address).content.decode()
    monkeypatch.setattr(badge, "SHEET", 1)
    assert "The sheet has the first 1 cards" in client.get(address).content.decode()


def test_what_may_not_be_seen_is_told_in_the_language_of_the_person(
    volunteer: User, formation: Formation
) -> None:
    client = signed_in(volunteer)
    client.post("/language/", {"language": "zh-hans"})

    hidden, missing = client.get(f"/badges/{formation.squadron_a.number}/"), client.get("/nothing/")

    for answer in (hidden, missing, Client().get("/nothing/", headers={"Accept-Language": "zh-CN"})):
        assert (answer.status_code, "没有此页面，或您无权查看。" in answer.content.decode()) == (404, True)
    plain = [text.content.decode().split("<main")[1].split("</main>")[0] for text in (hidden, missing)]
    assert plain[0] == plain[1]
