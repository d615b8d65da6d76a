"""A wrong name or phone is corrected by a leader: the person is told, and nothing opens by it soon."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from uuid6 import uuid7

from backend.accounts.models import User, phone_key
from backend.accounts.services.phones import PhoneTaken
from backend.audit.models import Entry
from backend.corrections import services
from backend.corrections.models import Correction
from backend.corrections.queries import corrections_for, phone_is_trusted
from backend.corrections.schemas import CorrectionIn
from backend.corrections.services import (
    CorrectedSince,
    CorrectionIdTaken,
    NothingToCorrect,
    SecondLeaderNeeded,
)
from backend.lib.errors import NotAllowed, NotFound
from backend.privacy.services.own_data import erase_person
from backend.volunteers.models import Membership, Role, Volunteer
from backend.volunteers.services.people import appoint
from tests.conftest import Formation, MakeVolunteer, Published, Race

NEW = "13900001111"


@pytest.fixture
def person(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    return make_volunteer(formation.squadron_a, name="王秀蓝")


def correct(person: Volunteer, by: User, at: datetime, id: UUID | None = None, **value: Any) -> Correction:
    return services.correct(
        volunteer=person, wanted=CorrectionIn(id=id or uuid7(), **value), by=by, at=at
    ).row


def test_a_name_is_corrected_in_the_record_and_on_the_roster(
    person: Volunteer, leader: User, published: Published, at: datetime
) -> None:
    made = correct(person, leader, at, name="王秀兰")

    person.refresh_from_db()
    assert person.name == "王秀兰"
    assert Membership.objects.get(volunteer=person).name == "王秀兰"
    assert (made.before, made.after) == ("王秀蓝", "王秀兰")
    told = {"correction": str(made.pk), "part": "name", "undone": False}
    assert published(person.topic, "record.corrected") == [(person.topic, "record.corrected", told)]
    line = Entry.objects.get(act="record.corrected")
    assert (line.by, line.details) == (leader, {"part": "name", "correction": str(made.pk)})
    assert "王" not in Correction.objects.values_list("before_sealed", flat=True).get()


def test_a_phone_is_corrected_and_is_found_from_then_on(
    person: Volunteer, leader: User, at: datetime
) -> None:
    before = person.user.phone

    made = correct(person, leader, at, phone=NEW)

    assert User.objects.get_by_natural_key(NEW).pk == person.user_id
    assert not User.objects.filter(phone_key=before).exists()
    assert (made.before, made.after) == (before, NEW)


def test_a_phone_that_another_has_set_opens_nothing_by_a_code_for_thirty_days(
    person: Volunteer, leader: User, commander: User, at: datetime
) -> None:
    assert phone_is_trusted(person, at)
    made = correct(person, leader, at, phone=NEW)

    assert not phone_is_trusted(person, at)
    assert not phone_is_trusted(person, at + timedelta(days=30) - timedelta(seconds=1))
    assert phone_is_trusted(person, at + timedelta(days=30))
    with pytest.raises(SecondLeaderNeeded):
        services.confirm(correction_id=made.pk, by=leader, at=at)
    services.confirm(correction_id=made.pk, by=commander, at=at + timedelta(days=1))
    assert phone_is_trusted(person, at + timedelta(days=1))
    services.confirm(correction_id=made.pk, by=commander, at=at + timedelta(days=2))
    assert Correction.objects.get().confirmed_at == at + timedelta(days=1)


def test_the_same_again_is_the_same_correction_and_another_with_its_id_is_refused(
    person: Volunteer, leader: User, at: datetime
) -> None:
    first = correct(person, leader, at, phone=NEW)
    again = correct(person, leader, at + timedelta(hours=1), first.pk, phone=NEW)

    assert (again.pk, again.at) == (first.pk, at)
    with pytest.raises(CorrectionIdTaken):
        correct(person, leader, at, first.pk, phone="13900002222")
    with pytest.raises(NothingToCorrect):
        correct(person, leader, at, phone=NEW)
    assert Entry.objects.filter(act="record.corrected").count() == 1


def test_what_stood_before_stands_again_unless_it_was_corrected_since(
    person: Volunteer, leader: User, at: datetime
) -> None:
    first = correct(person, leader, at, name="王秀兰")
    second = correct(person, leader, at + timedelta(minutes=1), name="王秀岚")
    with pytest.raises(CorrectedSince):
        services.undo(correction_id=first.pk, by=leader, at=at)

    services.undo(correction_id=second.pk, by=person.user, at=at + timedelta(minutes=2))
    services.undo(correction_id=second.pk, by=person.user, at=at + timedelta(minutes=3))
    services.undo(correction_id=first.pk, by=leader, at=at + timedelta(minutes=4))

    person.refresh_from_db()
    assert person.name == "王秀蓝"
    assert Entry.objects.filter(act="correction.undone").count() == 2


def test_an_undone_phone_is_no_reason_for_distrust(person: Volunteer, leader: User, at: datetime) -> None:
    before = person.user.phone
    made = correct(person, leader, at, phone=NEW)

    services.undo(correction_id=made.pk, by=leader, at=at)

    assert User.objects.get(pk=person.user_id).phone == before
    assert phone_is_trusted(person, at)


def test_a_phone_of_another_person_is_taken_and_nothing_is_half_done(
    person: Volunteer, leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    other = make_volunteer(formation.squadron_b)
    with pytest.raises(PhoneTaken):
        correct(person, leader, at, phone=other.user.phone)

    assert Correction.objects.count() == 0
    made = correct(person, leader, at, phone=NEW)
    former = make_volunteer(formation.squadron_b)
    former.user.phone = made.before
    former.user.save()
    with pytest.raises(PhoneTaken):
        services.undo(correction_id=made.pk, by=leader, at=at)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_are_given_one_phone_at_once_one_has_it(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, race: Race, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(2)]

    outcomes = race(*(lambda person=person: correct(person, leader, at, phone=NEW) for person in people))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Correction", "PhoneTaken"]
    assert Correction.objects.count() == 1


def test_nobody_corrects_their_own_record_or_one_of_another_unit(
    person: Volunteer, leader: User, sibling_leader: User, stranger: User, at: datetime
) -> None:
    for by in (sibling_leader, stranger, person.user):
        with pytest.raises(NotFound):
            correct(person, by, at, phone=NEW)
    with pytest.raises(NotFound):
        correct(leader.volunteer, leader, at, name="我自己")
    made = correct(person, leader, at, phone=NEW)
    for by in (sibling_leader, stranger):
        with pytest.raises(NotFound):
            services.undo(correction_id=made.pk, by=by, at=at)
        with pytest.raises(NotFound):
            corrections_for(by, person, at=at)
    with pytest.raises(NotFound):
        services.confirm(correction_id=made.pk, by=person.user, at=at)


def test_a_leader_who_is_not_over_all_of_a_person_corrects_the_name_and_not_the_phone(
    person: Volunteer, leader: User, formation: Formation, at: datetime
) -> None:
    appoint(volunteer=person, unit=formation.detachment, role=Role.DISPATCHER, by=None, at=at)

    with pytest.raises(NotAllowed):
        correct(person, leader, at, phone=NEW)
    assert correct(person, leader, at, name="王秀兰").after == "王秀兰"


def test_an_erased_person_leaves_no_name_and_no_phone(person: Volunteer, leader: User, at: datetime) -> None:
    correct(person, leader, at, phone=NEW)
    person.refresh_from_db()

    erase_person(by=User.objects.get(pk=person.user_id), at=at)

    assert Correction.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_id_for_two_people_at_once_is_one_correction(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, race: Race, at: datetime
) -> None:
    for turn in range(4):
        people, id = [make_volunteer(formation.squadron_a) for _ in range(2)], uuid7()

        outcomes = race(
            *(partial(correct, person, leader, at, id, name=f"钱{'甲乙丙丁'[turn]}") for person in people)
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Correction", "CorrectionIdTaken"]


def test_a_wrong_phone_opens_nothing_and_puts_the_person_on_the_list(
    person: Volunteer, leader: User, formation: Formation, client_of: Any, at: datetime
) -> None:
    before, client = person.user.phone, client_of(leader)
    path, number = f"/api/v1/units/{formation.squadron_a.number}/roster", f"{person.number:08d}"
    assert client.get(path, {"without_phone": "true"}).json()["items"] == []

    id = uuid7()
    sent = {"id": str(id), "phone_is_wrong": True}
    made = client.post(f"/api/v1/volunteers/{number}/corrections", sent, format="json")
    again = client.post(f"/api/v1/volunteers/{number}/corrections", sent, format="json")

    assert (made.status_code, made.json()["before"], made.json()["after"]) == (201, before, "")
    assert (again.status_code, Correction.objects.count()) == (200, 1)
    assert not User.objects.filter(phone_key=phone_key(before)).exists()
    assert [row["number"] for row in client.get(path, {"without_phone": "true"}).json()["items"]] == [number]
    services.undo(correction_id=id, by=leader, at=at)
    assert User.objects.get_by_natural_key(before).pk == person.user_id
    assert client.get(path, {"without_phone": "true"}).json()["items"] == []


@pytest.mark.parametrize(
    "given", [{}, {"name": "王", "phone_is_wrong": True}, {"phone": NEW, "phone_is_wrong": True}]
)
def test_a_correction_is_of_one_thing(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CorrectionIn.model_validate({"id": str(uuid7()), **given})


def test_a_wrong_phone_of_a_person_beyond_the_leader_stays(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    chief = make_volunteer(formation.squadron_a)
    appoint(volunteer=chief, unit=formation.detachment, role=Role.COMMANDER, by=None, at=at)

    with pytest.raises(NotAllowed):
        correct(chief, leader, at, phone_is_wrong=True)
