"""The roster's page and the unit's page: what they show, and to whom."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import User
from backend.rosters.queries import roster
from backend.rosters.services.imports import receive_import
from backend.volunteers import services
from backend.volunteers.models import AccessEntry, LookedAt, Role
from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number
from tests.conftest import Formation, MakeVolunteer
from tests.pages import page_of
from tests.rosters.files import csv_file


def test_a_leader_calls_the_members_of_the_own_unit_from_the_roster(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    text = page_of(leader, at).get("/roster/").content.decode()

    assert f'<a href="tel:{volunteer.phone}">' in text
    assert AccessEntry.objects.filter(
        subject=volunteer.volunteer, viewer=leader, what=LookedAt.PHONE
    ).exists()


def test_roster_opens_with_the_topmost_unit_one_dispatches(
    commander: User, volunteer: User, outsider: User, formation: Formation, at: datetime
) -> None:
    text = page_of(commander, at).get("/roster/").content.decode()

    assert "<h1>浦江县</h1>" in text
    assert "3 members" in text
    assert "2 on duty" in text
    for person in (commander, volunteer, outsider):
        assert format_volunteer_number(person.volunteer.number) in text
    for person in (volunteer, outsider):
        assert person.phone not in text
    assert 'href="/roster/" aria-current="page"' in text


@pytest.mark.parametrize("address", ["/roster/", "/roster/{a}/", "/roster/{c}/", "/roster/nonsense/"])
@pytest.mark.parametrize("who", ["volunteer", "stranger"])
def test_roster_does_not_exist_for_those_who_dispatch_nothing(
    who: str, address: str, formation: Formation, request: pytest.FixtureRequest, at: datetime
) -> None:
    filled = address.format(a=formation.squadron_a.number, c=formation.squadron_c.number)

    assert page_of(request.getfixturevalue(who), at).get(filled).status_code == 404


def test_roster_of_another_unit_does_not_exist(leader: User, formation: Formation, at: datetime) -> None:
    client = page_of(leader, at)

    assert client.get(f"/roster/{format_unit_number(formation.squadron_a.number)}/").status_code == 200
    assert client.get(f"/roster/{formation.squadron_b.number}/").status_code == 404
    assert client.post(f"/roster/{formation.squadron_a.number}/").status_code == 405
    assert Client().get("/roster/").headers["Location"] == "/sign-in/?next=/roster/"


def test_roster_is_searched_and_says_when_nobody_matches(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    client = page_of(leader, at)

    found = client.get("/roster/", {"search": "wang", "duty": "on"}).content.decode()
    nobody = client.get("/roster/", {"search": "欧阳<b>"}).content.decode()

    assert "王大妈" in found
    assert "队长甲" not in found
    assert "Nobody on this roster matches." in nobody
    assert "欧阳&lt;b&gt;" in nobody


def test_roster_refuses_ends_of_phones_to_dispatchers_in_words(
    make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    answer = page_of(dispatcher.user, at).get("/roster/", {"search": "0001"})

    assert answer.status_code == 422
    assert "for those who manage this unit" in answer.content.decode()
    assert "last four digits" not in answer.content.decode()


def test_roster_is_turned_page_by_page(
    leader: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roster, "PAGE", 2)
    names = [make_volunteer(formation.squadron_a, name=f"王{name}").name for name in "甲乙丙"]
    client = page_of(leader, at)

    first = client.get("/roster/", {"search": "王"}).content.decode()
    (address,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = client.get(f"/roster/{address.replace('&amp;', '&')}").content.decode()

    assert [name in first for name in names] == [True, True, False]
    assert [name in second for name in names] == [False, False, True]
    assert "First page" in second
    assert client.get("/roster/", {"after": "nonsense"}).status_code == 422


def test_unit_page_shows_posts_and_tree_to_those_who_dispatch(
    commander: User, leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    text = page_of(commander, at).get(f"/units/{formation.detachment.number}/").content.decode()

    assert "<h1>浦江县</h1>" in text
    assert "Commander" in text
    assert "指挥员" in text
    assert [name in text for name in ("总指挥部", "金华市", "浦阳街道", "黄宅镇")] == [True] * 4
    assert "1 of 2 on duty" in text
    assert f'href="/roster/{formation.detachment.number}/"' in text


def test_unit_page_shows_members_what_the_unit_is_and_no_more(
    leader: User, volunteer: User, stranger: User, formation: Formation, at: datetime
) -> None:
    address = f"/units/{formation.squadron_a.number}/"
    text = page_of(volunteer, at).get(address).content.decode()

    assert "文溪社区" in text
    assert "队长甲" not in text
    assert "/roster/" not in text
    assert page_of(stranger, at).get(address).status_code == 404
    assert page_of(volunteer, at).get(f"/units/{formation.squadron_b.number}/").status_code == 404


def test_pages_speak_chinese(leader: User, volunteer: User, formation: Formation, at: datetime) -> None:
    client = page_of(leader, at)
    client.cookies["django_language"] = "zh-hans"

    assert "2 名队员" in client.get("/roster/").content.decode()
    assert "组织关系" in client.get(f"/units/{formation.squadron_a.number}/").content.decode()


def test_a_commander_finds_units_below_for_imports_and_numbers(
    commander: User, leader: User, formation: Formation, at: datetime
) -> None:
    client, number = page_of(commander, at), formation.squadron_b.number
    a_link = f'href="/imports/?unit={number}"'

    unit = client.get(f"/units/{number}/").content.decode()
    top = client.get("/imports/").content.decode()
    found = client.get("/imports/", {"unit": "江滨"}).content.decode()
    several = client.get("/imports/", {"unit": "社区"}).content.decode()
    none = client.get("/imports/", {"unit": "乌有"}).content.decode()
    numbers = client.get("/numbers/", {"unit": "江滨社区"}).content.decode()

    assert a_link in unit
    assert f'href="?unit={formation.brigade.number}"' in top
    assert f'action="?unit={number}"' in found
    assert f'href="?unit={number}"' in several
    assert "You look after no unit of this name." in none
    assert numbers.count(f'<option value="{number}"') == 2
    others = page_of(leader, at)
    assert "江滨社区" not in others.get("/imports/", {"unit": "江滨"}).content.decode()
    assert others.get("/imports/", {"unit": number}).status_code == 404


def test_imports_of_units_below_are_listed(
    commander: User, formation: Formation, at: datetime, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, [["姓名", "手机"], ["王芳", "13900000001"]])
    receive_import(
        id=uuid7(), unit=formation.squadron_b, name="江滨名册", path=path, file_name="a.csv", by=None, at=at
    )

    assert "江滨名册" in page_of(commander, at).get("/imports/").content.decode()


def test_people_without_a_phone_are_listed(
    leader: User, volunteer: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    without = make_volunteer(formation.squadron_a, name="赵无机")
    without.user.phone = ""
    without.user.save()

    shown = page_of(leader, at).get("/roster/", {"duty": "no-phone"}).content.decode()

    assert "赵无机" in shown
    assert "王大妈" not in shown
