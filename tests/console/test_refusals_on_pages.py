"""A page that is refused what it does not know says that refusal's own text, in the language of the page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

import pytest
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.pages import devices, sign_in_steps
from backend.accounts.services import second_factors
from backend.badges import services as badges
from backend.joining.pages import applications
from backend.lib.errors import Refusal
from backend.numbers.pages import numbers
from backend.privacy.pages import my_data
from backend.tracking.pages import trackers
from backend.volunteers.models import Standing, Volunteer
from backend.volunteers.pages import person
from tests.builders import ApplicationFactory
from tests.conftest import PASSWORD, Formation, MakeVolunteer
from tests.pages import page_of


class MoonFull(Refusal):
    """The moon is full."""

    slug = "moon-full"
    text = "Wait for the new moon."


def refuses(*args: Any, **kwargs: Any) -> NoReturn:
    raise MoonFull


Post = tuple[object, str, Callable[[User, Formation, str], tuple[str, dict[str, str]]]]
"""Where a service stands that refuses, its name, and the address and form of the page that comes to it."""

POSTS: dict[str, Post] = {
    "walk-in": (
        numbers,
        "register_walk_in",
        lambda _, unit, key: (
            "/numbers/walk-ins/",
            {"unit": unit.squadron_a.number, "id": key, "name": "帮手"},
        ),
    ),
    "block": (
        numbers,
        "issue_block",
        lambda _, unit, key: ("/numbers/blocks/", {"unit": unit.squadron_a.number, "id": key, "size": "1"}),
    ),
    "standing": (person, "reinstate", lambda who, *_: (_person(who, "standing/"), {"act": "reinstate"})),
    "credential": (
        person,
        "record_credential",
        lambda who, _, key: (
            _person(who, "credentials/"),
            {"id": key, "kind": "training", "valid_from": "2026-01-01"},
        ),
    ),
    "consent": (my_data, "withdraw_consent", lambda *_: ("/my-data/consents/photo", {"agreed": "no"})),
    "deletion": (my_data, "erase_person", lambda *_: ("/my-data/deletion", {"password": PASSWORD})),
    "tracker": (trackers, "make_tracker", lambda *_: ("/trackers/", {"name": "x", "datum": "wgs84"})),
    "password": (
        devices,
        "change_password",
        lambda *_: ("/devices/password/", {"current": PASSWORD, "new": "another long one 7"}),
    ),
    "factor": (
        second_factors,
        "confirm_second_factor",
        lambda *_: ("/devices/second-factor/", {"act": "confirm", "code": "123456"}),
    ),
}


def _person(who: User, act: str) -> str:
    return f"/people/{who.volunteer.number:08d}/{act}"


@pytest.mark.parametrize("name", POSTS)
def test_a_page_says_what_it_does_not_know_in_its_own_words(
    name: str,
    leader: User,
    volunteer: User,
    formation: Formation,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where, service, form = POSTS[name]
    monkeypatch.setattr(where, service, refuses)
    address, fields = form(volunteer, formation, str(uuid7()))

    answer = page_of(leader, at).post(address, fields)

    assert answer.status_code in (409, 422)
    assert MoonFull.text in answer.content.decode()


def test_a_decision_that_is_refused_is_told(
    leader: User, formation: Formation, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = ApplicationFactory.create(unit=formation.squadron_a, at=at)
    monkeypatch.setattr(applications, "approve_application", refuses)

    answer = page_of(leader, at).post(f"/applications/{asks.pk}/", {"decision": "approve"})

    assert MoonFull.text in answer.content.decode()


def test_a_sign_in_that_is_refused_is_told(volunteer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    monkeypatch.setattr(sign_in_steps, "invited_user", refuses)
    form = {"number": "23456781", "code": "ABCD", "password": "a long new one 7"}

    assert MoonFull.text in client.post("/sign-in/invitation/", form).content.decode()


def test_a_record_sent_with_other_content_is_told_in_chinese(
    leader: User, volunteer: User, at: datetime
) -> None:
    client, address = page_of(leader, at), _person(volunteer, "credentials/")
    client.post("/language/", {"language": "zh-hans"})
    form = {"id": str(uuid7()), "kind": "training", "valid_from": "2026-01-01"}
    assert client.post(address, form).status_code == 302

    answer = client.post(address, {**form, "reference": "P-2"})

    assert answer.status_code == 409
    assert "此内容此前已提交过" in answer.content.decode()


def test_a_unit_is_told_for_whom_no_badge_was_issued(
    leader: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    well, away = (make_volunteer(formation.squadron_a) for _ in range(2))
    Volunteer.objects.filter(pk=away.pk).update(standing=Standing.SUSPENDED)
    chosen = {"person": [f"{one.number:08d}" for one in (well, away)]}

    said = page_of(leader, at).post(f"/badges/{formation.squadron_a.number}/", chosen).content.decode()

    assert "Badges issued: 1" in said
    assert f"{away.name}: {badges.HolderNotInService.text}" in said
    assert f"{well.name}: " not in said
