"""Leaders' words: who notes one, what stands above it, and how it ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch.models import Assignment
from backend.readiness.due import forget_old_words
from backend.readiness.models import LeadersWord, WakingHours
from backend.readiness.queries import waking_of
from backend.readiness.schemas import LeadersWordIn
from backend.readiness.services.words import MOST_WORDS, end_word, note_word
from backend.volunteers.models import Volunteer
from backend.volunteers.services import memberships, standing
from backend.volunteers.services.units import merge_units
from tests.conftest import Formation, MakeVolunteer, Published, Race
from tests.dispatch.conftest import Ask, MakeTask
from tests.readiness.conftest import ALL_DAY, ClientOf, Speak, say, word


def address_of(person: Volunteer) -> str:
    return f"/api/v1/volunteers/{person.number:08d}/waking/words"


def held(person: Volunteer, at: datetime) -> list[str]:
    return [str(one.id) for one in waking_of(person, at=at).words]


@pytest.fixture
def person(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    """Return a member of squadron A at home."""
    return make_volunteer(formation.squadron_a, on_duty=False, name="王大妈")


def test_a_leader_notes_a_word_and_the_person_is_told(
    person: Volunteer,
    leader: User,
    formation: Formation,
    client_of: ClientOf,
    published: Published,
    at: datetime,
) -> None:
    body = word(at, categories=["rescue", "patrol"])

    answer = client_of(leader).post(address_of(person), body, format="json")

    noted = answer.json()
    assert answer.status_code == 201
    until = (at + timedelta(days=90)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert noted == {
        "id": body["id"],
        "categories": ["patrol", "rescue"],
        "unit": formation.squadron_a.number,
        "by": f"{leader.volunteer.number:08d}",
        "by_name": "队长甲",
        "how": "phone",
        "said_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "until_at": until,
        "ended_at": None,
    }
    assert client_of(person.user).get("/api/v1/me/waking").json()["words"] == [noted]
    (told,) = published(person.topic, "waking.changed")
    assert told[2]["waking"]["words"] == [noted]
    person.refresh_from_db()
    assert not person.is_on_duty(at)
    entry = Entry.objects.get(act="word.noted")
    assert (entry.by, entry.post) == (leader, f"leader@{formation.squadron_a.number}")


def test_the_same_word_again_is_that_word(
    person: Volunteer, leader: User, client_of: ClientOf, at: datetime
) -> None:
    client, body = client_of(leader), word(at)
    first = client.post(address_of(person), body, format="json")

    again = client.post(address_of(person), body, format="json")
    other = client.post(address_of(person), body | {"how": "in_person"}, format="json")

    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["type"]) == (409, "/problems/word-id-taken")
    assert (LeadersWord.objects.count(), WakingHours.objects.count()) == (1, 1)
    assert Entry.objects.filter(act="word.noted").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"said_yes": False},
        {"said_yes": None},
        {"how": "by hearsay"},
        {"categories": []},
        {"categories": ["patrol", "patrol"]},
        {"id": "6b1f7d02-8a6e-4f9c-9d3e-4b5a0199a5e2"},
    ],
)
def test_a_word_without_a_spoken_yes_is_refused(
    person: Volunteer, leader: User, client_of: ClientOf, changes: dict[str, Any], at: datetime
) -> None:
    client = client_of(leader)
    missing = word(at)
    missing.pop("said_yes")

    assert client.post(address_of(person), word(at, **changes), format="json").status_code == 422
    assert client.post(address_of(person), missing, format="json").status_code == 422
    assert LeadersWord.objects.count() == 0


@pytest.mark.parametrize("age", [timedelta(minutes=-5), timedelta(days=7, minutes=1)])
def test_a_yes_of_the_future_or_of_long_ago_is_refused(
    person: Volunteer, leader: User, client_of: ClientOf, age: timedelta, at: datetime
) -> None:
    answer = client_of(leader).post(address_of(person), word(at - age), format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/said_at")


def test_strangers_neighbours_and_the_person_note_no_word(
    person: Volunteer,
    leader: User,
    sibling_leader: User,
    stranger: User,
    volunteer: User,
    client_of: ClientOf,
    at: datetime,
) -> None:
    callers = (sibling_leader, stranger, volunteer, person.user)

    answers = [client_of(by).post(address_of(person), word(at), format="json").status_code for by in callers]

    assert answers == [404] * 4
    own = client_of(leader).post(address_of(leader.volunteer), word(at), format="json")
    assert (own.status_code, LeadersWord.objects.count()) == (404, 0)


def test_strangers_and_neighbours_end_no_word(
    person: Volunteer,
    sibling_leader: User,
    stranger: User,
    volunteer: User,
    speak: Speak,
    client_of: ClientOf,
    at: datetime,
) -> None:
    noted = speak(person)
    address = f"{address_of(person)}/{noted.id}"

    answers = [client_of(by).delete(address).status_code for by in (sibling_leader, stranger, volunteer)]

    assert (answers, held(person, at)) == ([404] * 3, [str(noted.id)])
    # Of another person, whose word it is not.
    assert client_of(volunteer).delete(f"{address_of(volunteer.volunteer)}/{noted.id}").status_code == 404


@pytest.mark.parametrize("who", ["person", "leader", "commander"])
def test_the_person_and_leaders_end_a_word_at_any_time(
    person: Volunteer,
    leader: User,
    commander: User,
    speak: Speak,
    client_of: ClientOf,
    make_task: MakeTask,
    ask: Ask,
    published: Published,
    who: str,
    at: datetime,
) -> None:
    by = {"person": person.user, "leader": leader, "commander": commander}[who]
    noted, other = speak(person), speak(person, categories=["care"])
    client, address = client_of(by), f"{address_of(person)}/{noted.id}"

    answers = [client.delete(address).status_code for _ in range(2)]

    assert (answers, held(person, at)) == ([204, 204], [str(other.id)])
    assert LeadersWord.objects.get(pk=noted.id).ended_by == by
    assert Entry.objects.filter(act="word.ended", by=by).count() == 1
    assert len(published(person.topic, "waking.changed")) == 3
    with pytest.raises(Exception, match="0 on duty or may be woken now"):
        ask(make_task(severity="life_at_stake"))


def test_a_word_is_refused_against_the_persons_own_no(
    person: Volunteer, leader: User, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(leader)
    say(person, at - timedelta(hours=2), refused_categories=["patrol"])

    refused = client.post(address_of(person), word(at, categories=["care", "patrol"]), format="json")
    other = client.post(address_of(person), word(at, categories=["care"]), format="json")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused-by-person")
    assert other.status_code == 201


def test_a_word_does_not_outrank_a_no_that_was_said_after_it(
    person: Volunteer,
    leader: User,
    speak: Speak,
    make_task: MakeTask,
    ask: Ask,
    client_of: ClientOf,
    at: datetime,
) -> None:
    speak(person, at=at - timedelta(0))
    say(person, at + timedelta(minutes=1))
    say(person, at + timedelta(minutes=2), refused_hours=[ALL_DAY])

    with pytest.raises(Exception, match="0 on duty or may be woken now"):
        ask(make_task(severity="life_at_stake"))
    assert (held(person, at), WakingHours.objects.filter(refused=False).count()) == ([], 0)
    late = client_of(leader).post(address_of(person), word(at), format="json")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/said-otherwise-since")
    assert Assignment.objects.count() == 0


def test_an_empty_document_said_again_ends_a_word_that_came_in_between(
    person: Volunteer, speak: Speak, at: datetime
) -> None:
    say(person, at - timedelta(hours=1))
    speak(person)

    say(person, at + timedelta(minutes=1))

    assert held(person, at + timedelta(minutes=1)) == []


def test_a_yes_older_than_the_persons_own_end_of_a_word_is_refused(
    person: Volunteer, leader: User, speak: Speak, client_of: ClientOf, at: datetime
) -> None:
    noted = speak(person, at=at - timedelta(0), said_at=(at - timedelta(hours=2)).isoformat())
    end_word(volunteer=person, word_id=noted.id, by=person.user, at=at - timedelta(minutes=30))
    client = client_of(leader)

    older = client.post(address_of(person), word(at - timedelta(hours=1)), format="json")
    newer = client.post(address_of(person), word(at - timedelta(minutes=10)), format="json")

    assert (older.json()["type"], newer.status_code) == ("/problems/said-otherwise-since", 201)


def test_ten_words_hold_for_a_person_at_most(
    person: Volunteer, leader: User, speak: Speak, client_of: ClientOf, at: datetime
) -> None:
    for _ in range(MOST_WORDS):
        speak(person)

    answer = client_of(leader).post(address_of(person), word(at), format="json")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-words")


def test_a_word_ends_with_the_membership_in_its_leaders_unit(
    person: Volunteer, formation: Formation, leader: User, speak: Speak, at: datetime
) -> None:
    noted = speak(person)

    memberships.leave_unit(
        number=f"{person.number:08d}", unit=formation.squadron_a, by=leader, at=at + timedelta(hours=1)
    )

    assert held(person, at + timedelta(hours=1)) == []
    ended = LeadersWord.objects.get(pk=noted.id)
    assert (ended.ended_at, WakingHours.objects.count()) == (at + timedelta(hours=1), 0)


def test_a_word_goes_on_in_the_unit_that_follows(
    person: Volunteer, formation: Formation, commander: User, speak: Speak, at: datetime
) -> None:
    noted = speak(person)

    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at)

    assert held(person, at) == [str(noted.id)]
    assert LeadersWord.objects.get().unit == formation.squadron_b


def test_words_end_with_the_service(person: Volunteer, leader: User, speak: Speak, at: datetime) -> None:
    speak(person)

    standing.suspend(number=f"{person.number:08d}", reason="an inquiry", until=None, by=leader, at=at)
    assert len(held(person, at)) == 1
    standing.retire(number=f"{person.number:08d}", reason="moved away", by=leader, at=at)

    assert held(person, at) == []


def test_words_are_forgotten_a_year_after_their_end(person: Volunteer, speak: Speak, at: datetime) -> None:
    ended, running = speak(person), speak(person)
    end_word(volunteer=person, word_id=ended.id, by=person.user, at=at)

    assert forget_old_words(at=at + timedelta(days=365) - timedelta(seconds=1)) == 0
    assert forget_old_words(at=at + timedelta(days=365)) == 1
    assert set(LeadersWord.objects.values_list("pk", flat=True)) == {running.id}
    assert forget_old_words(at=at + timedelta(days=365 + 90)) == 1
    assert (LeadersWord.objects.count(), WakingHours.objects.count()) == (0, 0)


@pytest.mark.postgres
def test_one_word_sent_by_two_requests_at_once_is_noted_once(
    race: Race, person: Volunteer, leader: User, at: datetime
) -> None:
    wanted = LeadersWordIn.model_validate(word(at))

    found = race(*[lambda: note_word(volunteer=person, wanted=wanted, by=leader, at=at) for _ in range(4)])

    assert [one.row.id for one in found] == [wanted.id] * 4
    assert (LeadersWord.objects.count(), WakingHours.objects.count()) == (1, 1)
    assert Entry.objects.filter(act="word.noted").count() == 1


@pytest.mark.postgres
def test_a_no_and_a_word_at_once_never_leave_the_person_woken(
    race: Race, person: Volunteer, leader: User, at: datetime
) -> None:
    wanted = LeadersWordIn.model_validate(word(at - timedelta(seconds=1)))

    race(
        lambda: note_word(volunteer=person, wanted=wanted, by=leader, at=at),
        lambda: say(person, at, refused_categories=["patrol"]),
    )

    assert held(person, at) == []
    assert not WakingHours.objects.filter(refused=False).exists()
