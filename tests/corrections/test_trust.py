"""When a corrected phone counts as its person's own: since when it stands decides, however it came to stand."""

from datetime import datetime, timedelta

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.corrections import services
from backend.corrections.models import Correction
from backend.corrections.queries import phone_is_trusted
from backend.corrections.schemas import CorrectionIn
from backend.volunteers.models import Volunteer
from backend.volunteers.services.finding import TooManyFound
from backend.volunteers.services.merging import merge_volunteers
from tests.conftest import Formation, MakeVolunteer

NEW, OTHER = "13900001111", "13900002222"
MONTH = timedelta(days=31)


@pytest.fixture
def person(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    return make_volunteer(formation.squadron_a)


def correct(person: Volunteer, by: User, at: datetime, phone: str) -> Correction:
    return services.correct(volunteer=person, wanted=CorrectionIn(id=uuid7(), phone=phone), by=by, at=at).row


def is_trusted(person: Volunteer, at: datetime) -> bool:
    return phone_is_trusted(Volunteer.objects.select_related("user").get(pk=person.pk), at)


def test_an_undoing_begins_the_thirty_days_anew(person: Volunteer, leader: User, at: datetime) -> None:
    correct(person, leader, at, NEW)
    second = correct(person, leader, at + timedelta(minutes=1), OTHER)

    services.undo(correction_id=second.pk, by=leader, at=at + MONTH)

    assert not is_trusted(person, at + MONTH)
    assert is_trusted(person, at + MONTH + MONTH)


def test_the_phone_that_stood_before_all_is_the_person_s_own_again_at_once(
    person: Volunteer, leader: User, at: datetime
) -> None:
    first = correct(person, leader, at, NEW)
    second = correct(person, leader, at + timedelta(minutes=1), OTHER)

    services.undo(correction_id=second.pk, by=leader, at=at + timedelta(minutes=2))
    services.undo(correction_id=first.pk, by=leader, at=at + timedelta(minutes=3))

    assert is_trusted(person, at + timedelta(minutes=3))


def test_a_merge_makes_no_phone_trusted(
    person: Volunteer,
    leader: User,
    commander: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    twin = make_volunteer(formation.squadron_a)
    correct(person, leader, at, NEW)
    confirmed = correct(twin, leader, at + timedelta(minutes=1), OTHER)
    services.confirm(correction_id=confirmed.pk, by=commander, at=at + timedelta(minutes=2))

    merge_volunteers(kept=person.number, duplicate=twin.number, by=commander, at=at + timedelta(minutes=3))

    assert not is_trusted(person, at + timedelta(minutes=4))


def test_phones_of_other_people_are_not_found_out_by_correcting(
    person: Volunteer,
    leader: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.volunteers.services.finding.most_found", lambda by, at: 0)
    other = make_volunteer(formation.squadron_b)

    for phone in (other.user.phone, NEW):
        with pytest.raises(TooManyFound):
            correct(person, leader, at, phone)
