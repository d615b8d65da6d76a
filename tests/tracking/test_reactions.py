"""What becomes of positions and trackers when something happens to volunteers."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.tracking.models import LatestPosition, Tracker
from backend.tracking.schemas.trackers import TrackerIn
from backend.tracking.services.trackers import make_tracker
from backend.volunteers import services
from backend.volunteers.hooks import last_positions, tracked_among
from backend.volunteers.models import Purpose
from backend.volunteers.services.consents import give_consent, withdraw_consent
from backend.volunteers.services.duty import end_duty_without_devices
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.standing import reinstate, retire, suspend
from tests.conftest import Formation, MakeVolunteer

pytestmark = pytest.mark.django_db


def put_on_the_map(user: User, at: datetime) -> int:
    """Show a volunteer on the map, and return the number."""
    volunteer = user.volunteer
    LatestPosition.objects.create(
        person=volunteer.number, scope="A", at=at, received_at=at, lon=119.89, lat=29.45
    )
    return volunteer.number


def on_the_map(number: int) -> bool:
    return LatestPosition.objects.exclude(scope="").filter(person=number).exists()


def test_duty_that_ends_takes_off_the_map(volunteer: User, at: datetime) -> None:
    number = put_on_the_map(volunteer, at)
    services.set_duty(on=False, by=volunteer, at=at)
    assert not on_the_map(number)


def test_duty_that_ends_without_devices_takes_off_the_map(volunteer: User, at: datetime) -> None:
    number = put_on_the_map(volunteer, at)
    with transaction.atomic(), acting(by=None, at=at) as act:
        end_duty_without_devices(user=volunteer, act=act)
    assert not on_the_map(number)


def test_duty_that_was_too_long_takes_off_the_map(volunteer: User, at: datetime) -> None:
    number = put_on_the_map(volunteer, at)
    volunteer.volunteer.refresh_from_db()
    assert services.end_overlong_duty(at=volunteer.volunteer.duty_until or at) == 1
    assert not on_the_map(number)


@pytest.mark.parametrize("end", [suspend, retire])
def test_who_rests_is_taken_off_the_map_also_on_a_task(
    end: object, volunteer: User, leader: User, at: datetime
) -> None:
    number = put_on_the_map(volunteer, at)
    services.set_duty(on=False, by=volunteer, at=at)
    LatestPosition.objects.filter(person=number).update(scope="A")  # a task shows them again
    end(number=f"{number:08d}", reason="", by=leader, at=at)  # type: ignore[operator]
    assert not on_the_map(number)


def test_who_is_reinstated_stays_on_the_map(volunteer: User, leader: User, at: datetime) -> None:
    number = f"{volunteer.volunteer.number:08d}"
    suspend(number=number, reason="", by=leader, at=at)
    put_on_the_map(volunteer, at)
    reinstate(number=number, by=leader, at=at)
    assert on_the_map(int(number))


@pytest.mark.parametrize(("purpose", "stays"), [(Purpose.LOCATION, False), (Purpose.CONTACT, True)])
def test_only_withdrawing_from_being_located_takes_off_the_map(
    purpose: Purpose, stays: bool, volunteer: User, at: datetime
) -> None:
    number = put_on_the_map(volunteer, at)
    give_consent(purpose=purpose, version=1, by=volunteer, at=at)
    withdraw_consent(purpose=purpose, by=volunteer, at=at)
    assert on_the_map(number) is stays


def test_merging_takes_the_duplicate_off_the_map_and_ends_its_trackers(
    formation: Formation, commander: User, make_volunteer: MakeVolunteer
) -> None:
    now = datetime.now(UTC)
    kept, gone = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    for one in (kept, gone):
        put_on_the_map(one.user, now)
        make_tracker(wanted=TrackerIn(), by=one.user, at=now)
    merge_volunteers(kept=kept.number, duplicate=gone.number, by=commander, at=now)
    assert (on_the_map(kept.number), on_the_map(gone.number)) == (True, False)
    assert list(Tracker.objects.filter(revoked_at=None).values_list("user", flat=True)) == [kept.user_id]


def test_questions_of_volunteers_are_answered(volunteer: User, leader: User, at: datetime) -> None:
    number, other = put_on_the_map(volunteer, at), leader.volunteer.number
    assert set(tracked_among([number, other], at)) == {number}
    assert last_positions([number, other]) == {number: at}
