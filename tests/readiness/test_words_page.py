"""The page on which a leader notes what a person has said of being woken."""

import pytest
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import User
from backend.lib.clock import now
from backend.readiness.models import LeadersWord
from backend.volunteers.models import AccessEntry, LookedAt, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.console.test_my_data import signed_in


@pytest.fixture
def person(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    return make_volunteer(formation.squadron_a, on_duty=False)


def page(person: Volunteer) -> str:
    return f"/people/{person.number:08d}/waking/"


def note(**changes: object) -> dict[str, object]:
    word = {
        "act": "note-word",
        "id": str(uuid7()),
        "categories": ["patrol", "care"],
        "how": "phone",
        "said_yes": "on",
        "said_at": now().isoformat(),
    }
    return {**word, **changes}


def test_a_leader_notes_a_word_and_ends_it(person: Volunteer, leader: User) -> None:
    client = signed_in(leader)
    assert page(person) in client.get(f"/people/{person.number:08d}/").content.decode()
    wanted = note()

    assert client.post(page(person), wanted).status_code == 302
    assert client.post(page(person), wanted).status_code == 302  # the same button pressed twice

    word = LeadersWord.objects.get()
    assert (word.volunteer, word.by, word.how) == (person, leader, "phone")
    shown = client.get(page(person)).content.decode()
    assert 'value="end-word"' in shown
    assert client.post(page(person), {"act": "end-word", "word": str(word.pk)}).status_code == 302
    word.refresh_from_db()
    assert word.ended_at is not None


@pytest.mark.parametrize(
    "changes",
    [{"said_yes": ""}, {"categories": []}, {"categories": ["anything"]}, {"how": "dream"}, {"id": "x"}],
    ids=["no yes", "nothing", "unknown category", "unknown way", "no id"],
)
def test_without_a_yes_nothing_is_noted(person: Volunteer, leader: User, changes: dict[str, object]) -> None:
    answered = signed_in(leader).post(page(person), note(**changes))
    assert answered.status_code == 422
    assert 'role="alert"' in answered.content.decode()
    assert not LeadersWord.objects.exists()


def test_the_page_is_closed_to_others_and_each_look_is_noted(
    person: Volunteer, leader: User, sibling_leader: User, outsider: User
) -> None:
    for stranger in (sibling_leader, outsider, person.user):
        assert signed_in(stranger).get(page(person)).status_code == 404
        assert signed_in(stranger).post(page(person), note()).status_code == 404
    assert Client().get(page(person)).headers["Location"].startswith("/sign-in/")
    assert not LeadersWord.objects.exists()
    signed_in(leader).get(page(person))
    assert AccessEntry.objects.filter(subject=person, viewer=leader, what=LookedAt.RECORDS).count() == 1
