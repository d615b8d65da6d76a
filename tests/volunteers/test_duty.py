"""Duty: on, off, and at an end by itself."""

from datetime import datetime, timedelta

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import Invalid
from backend.realtime.registry import registry
from backend.volunteers import due, services
from backend.volunteers.models import DutyPeriod, Volunteer
from backend.volunteers.schemas import DutyIn, DutyOut
from backend.volunteers.services.duty import max_duty
from tests.conftest import MakeVolunteer, Published, Race

MAX = max_duty()


def test_duty_on_ends_after_the_maximum(stranger: User, published: Published, at: datetime) -> None:
    duty = services.set_duty(on=True, by=stranger, at=at)

    assert duty == DutyOut(on=True, until=at + MAX, tracked=False)  # of no unit, nobody could see them
    topic, type, data = published[0]
    assert (topic, type, data["duty"]["on"]) == (stranger.volunteer.topic, "duty.changed", True)
    assert Entry.objects.filter(act="duty.changed", by=stranger).count() == 1


def test_duty_may_be_shorter_but_not_longer(stranger: User, at: datetime) -> None:
    short = services.set_duty(on=True, until=at + timedelta(hours=2), by=stranger, at=at)
    long = services.set_duty(on=True, until=at + MAX * 2, by=stranger, at=at)

    assert short.until == at + timedelta(hours=2)
    assert long.until == at + MAX


def test_duty_is_not_prolonged_by_saying_it_again(stranger: User, published: Published, at: datetime) -> None:
    services.set_duty(on=True, by=stranger, at=at)

    again = services.set_duty(on=True, by=stranger, at=at + timedelta(hours=1))

    assert again.until == at + MAX
    assert len(published) == 1


def test_duty_begins_anew_after_it_has_ended(stranger: User, at: datetime) -> None:
    services.set_duty(on=True, by=stranger, at=at - MAX - timedelta(minutes=1))

    assert services.set_duty(on=True, by=stranger, at=at).until == at + MAX


def test_duty_off_twice_tells_once(volunteer: User, published: Published, at: datetime) -> None:
    services.set_duty(on=False, by=volunteer, at=at)
    services.set_duty(on=False, by=volunteer, at=at)

    assert len(published) == 1


def test_duty_refuses_an_end_in_the_past(stranger: User, published: Published, at: datetime) -> None:
    with pytest.raises(Invalid):
        services.set_duty(on=True, until=at, by=stranger, at=at)
    assert published == []


def test_duty_ends_by_itself(
    volunteer: User, make_volunteer: MakeVolunteer, published: Published, at: datetime
) -> None:
    other = make_volunteer(None)
    Volunteer.objects.filter(user=volunteer).update(duty_until=at)

    assert due.end_overlong_duty(at=at) == 1
    assert due.end_overlong_duty(at=at) == 0

    assert [topic for topic, *_ in published] == [volunteer.volunteer.topic]
    assert Volunteer.objects.get(user=volunteer).duty_until is None
    assert Volunteer.objects.get(pk=other.pk).is_on_duty(at)


def periods() -> list[tuple[datetime, datetime]]:
    return list(DutyPeriod.objects.order_by("since").values_list("since", "until"))


def test_a_duty_that_ends_is_on_record_however_it_ends(stranger: User, at: datetime) -> None:
    hour = timedelta(hours=1)
    services.set_duty(on=True, until=at + 9 * hour, by=stranger, at=at)
    services.set_duty(on=True, until=at + 8 * hour, by=stranger, at=at + hour)
    services.set_duty(on=False, by=stranger, at=at + 2 * hour)
    services.set_duty(on=False, by=stranger, at=at + 3 * hour)
    services.set_duty(on=True, until=at + 5 * hour, by=stranger, at=at + 4 * hour)
    services.set_duty(on=True, until=at + 7 * hour, by=stranger, at=at + 6 * hour)
    due.end_overlong_duty(at=at + 7 * hour + timedelta(seconds=3))

    assert periods() == [(at + n * hour, at + (n + 1 + (n == 0)) * hour) for n in (0, 4, 6)]


def test_the_record_of_duties_is_forgotten_when_nothing_may_be_brought_back(
    stranger: User, at: datetime
) -> None:
    for days in (9, 7):
        services.set_duty(on=True, by=stranger, at=at - timedelta(days=days))
        services.set_duty(on=False, by=stranger, at=at - timedelta(days=days - 1))

    assert due.forget_duty_periods(at=at) == 1
    assert len(periods()) == 1


def test_duty_goes_off_by_socket_too(volunteer: User, at: datetime) -> None:
    command = registry.commands["duty.set"]

    assert command.run(volunteer, DutyIn(on=False), at) == DutyOut(on=False, until=None, tracked=False)


@pytest.mark.postgres
def test_two_clocks_end_a_duty_once(
    race: Race, make_volunteer: MakeVolunteer, published: Published, at: datetime
) -> None:
    for _ in range(20):
        make_volunteer(None)
    Volunteer.objects.update(duty_until=at)

    ended = race(*[lambda: due.end_overlong_duty(at=at) for _ in range(4)])

    assert sum(ended) == 20
    assert len(published) == 20
