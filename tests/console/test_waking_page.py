"""The page of being woken."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import User
from backend.readiness.queries import waking_of
from backend.readiness.schemas import LeadersWordIn, WakingOut
from backend.readiness.services.words import note_word
from tests.console.test_my_data import signed_in

PAGE = "/waking/"
EVENING = {"act": "add-consent", "category": "rescue", "start": "18:00", "end": "00:00"}
NIGHT = {"act": "refuse-hours", "start": "22:00", "end": "06:00"}


def said(user: User) -> WakingOut:
    return waking_of(user.volunteer, at=datetime.now(UTC))


def note(volunteer: User, leader: User) -> str:
    """Note a leader's word for the volunteer; returns its id."""
    at = datetime.now(UTC)
    wanted = {"id": uuid7(), "categories": ["care"], "said_yes": True, "how": "phone", "said_at": at}
    word = LeadersWordIn.model_validate(wanted)
    return str(note_word(volunteer=volunteer.volunteer, wanted=word, by=leader, at=at).row.id)


def test_waking_is_in_everybodys_menu_and_closed_to_strangers(volunteer: User, commander: User) -> None:
    for user in (volunteer, commander):
        shown = signed_in(user).get(PAGE).content.decode()
        assert f'href="{PAGE}" aria-current="page"' in shown
        assert "You have agreed to no waking yet." in shown
    assert Client().get(PAGE).headers["Location"] == f"/sign-in/?next={PAGE}"


def test_what_is_added_on_the_page_is_said_and_removed_again(volunteer: User, outsider: User) -> None:
    client = signed_in(volunteer)
    for sent in (EVENING, EVENING, NIGHT, {"act": "refuse-category", "category": "legal"}):
        assert client.post(PAGE, sent).status_code == 302
    client.post(PAGE, {**EVENING, "category": "", "start": "00:00"})

    found = said(volunteer)

    every = found.consents[1].categories
    assert [(one.start, one.end) for one in found.consents] == [("18:00", "24:00"), ("00:00", "24:00")]
    assert (found.consents[0].categories, len(every)) == (["rescue"], 10)
    assert [(one.start, one.end) for one in found.refused_hours] == [("22:00", "06:00")]
    assert found.refused_categories == ["legal"]
    assert said(outsider).said_at is None
    shown = client.get(PAGE).content.decode()
    for text in ("18:00–24:00", "22:00–06:00", "Legal aid", "Every category"):
        assert text in shown

    removed: list[dict[str, Any]] = [
        {"act": "remove-consent", "categories": "rescue", "start": "18:00", "end": "24:00"},
        {"act": "remove-consent", "categories": " ".join(every), "start": "00:00", "end": "24:00"},
        {"act": "remove-hours", "start": "22:00", "end": "06:00"},
        {"act": "remove-category", "categories": "legal"},
    ]
    for sent in (*removed, *removed):
        assert client.post(PAGE, sent).status_code == 302
    left = said(volunteer)
    assert (left.consents, left.refused_hours, left.refused_categories) == ([], [], [])


@pytest.mark.parametrize(
    "sent",
    [
        {**EVENING, "category": "war"},
        {**EVENING, "start": "25:00"},
        {**EVENING, "end": ""},
        {**EVENING, "end": "18:00"},
        {**NIGHT, "end": "22:00"},
        {"act": "refuse-category"},
        {"act": "remove-consent", "start": "18:00", "end": "24:00", "categories": "war"},
        {"act": "remove-category", "categories": "war"},
        {"act": "end-word", "word": "x"},
    ],
)
def test_what_cannot_be_said_is_told_and_changes_nothing(volunteer: User, sent: dict[str, Any]) -> None:
    client = signed_in(volunteer)
    client.post(PAGE, EVENING)
    before = said(volunteer)

    answer = client.post(PAGE, sent)

    assert (answer.status_code, 'role="alert" id="problem"' in answer.content.decode()) == (422, True)
    assert said(volunteer) == before
    assert client.post(PAGE, {"act": "anything"}).status_code == 404


def test_more_hours_than_there_is_room_for_are_refused(volunteer: User) -> None:
    client = signed_in(volunteer)

    answers = [
        client.post(PAGE, {**NIGHT, "start": f"{hour:02d}:00", "end": f"{hour:02d}:30"}).status_code
        for hour in range(11)
    ]

    assert answers == [302] * 10 + [422]


def test_a_leaders_word_is_shown_and_ended(volunteer: User, leader: User) -> None:
    client, word = signed_in(volunteer), note(volunteer, leader)
    shown = client.get(PAGE).content.decode()
    assert "队长甲" in shown
    assert "By telephone" in shown

    assert client.post(PAGE, {"act": "end-word", "word": word}).status_code == 302

    assert said(volunteer).words == []
    assert "队长甲" not in client.get(PAGE).content.decode()


def test_another_persons_word_is_not_found(volunteer: User, outsider: User, leader: User) -> None:
    word = note(volunteer, leader)

    assert signed_in(outsider).post(PAGE, {"act": "end-word", "word": word}).status_code == 404
    assert len(said(volunteer).words) == 1


def test_removing_what_is_not_there_ends_no_word(volunteer: User, leader: User) -> None:
    note(volunteer, leader)

    signed_in(volunteer).post(PAGE, {"act": "remove-category", "categories": "legal"})

    assert len(said(volunteer).words) == 1


def test_waking_speaks_chinese(volunteer: User) -> None:
    client = signed_in(volunteer)
    client.post(PAGE, NIGHT)
    client.post("/language/", {"language": "zh-hans"})

    shown = client.get(PAGE).content.decode()

    for text in ("何时可叫醒我", "绝不叫醒我", "所有类别"):
        assert text in shown
