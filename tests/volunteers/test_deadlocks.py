"""Acts that lock the same rows at once wait for each other, and none is ended by the database.

Each pair once took them in opposite orders: a person whose records were merged signed out at the same moment, and so
did one who deleted everything; units were split while their people left.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from backend.accounts.models import Device, User
from backend.accounts.services.devices import revoke_device
from backend.privacy.services.own_data import erase_person
from backend.volunteers.models import Volunteer
from backend.volunteers.schemas.formation import SplitIn
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.units import split_unit
from tests.conftest import Formation, MakeVolunteer, Race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 8
"""Threads meet at another point each time."""


def signed_in(person: Volunteer, at: datetime) -> uuid.UUID:
    """Sign a person in on one more phone; returns its device."""
    device = Device.objects.create(
        pk=uuid.uuid4(),
        user=person.user,
        platform="other",
        created_at=at,
        last_seen_at=at,
        refresh_id=uuid.uuid4().hex,
    )
    return device.pk


def ended_by_the_database(outcomes: list[Any]) -> list[Any]:
    return [outcome for outcome in outcomes if isinstance(outcome, OperationalError)]


def signs_out(person: Volunteer, at: datetime) -> Callable[[], None]:
    device = signed_in(person, at)
    return lambda: revoke_device(device_id=device, by=User.objects.get(pk=person.user_id), at=at)


def test_records_are_merged_while_their_person_signs_out(
    formation: Formation, make_volunteer: MakeVolunteer, commander: User, race: Race, at: datetime
) -> None:
    for _ in range(ROUNDS):
        kept, gone = (make_volunteer(formation.squadron_a) for _ in range(2))

        outcomes = race(
            partial(merge_volunteers, kept=kept.number, duplicate=gone.number, by=commander, at=at),
            signs_out(gone, at),
            signs_out(kept, at),
        )

        assert ended_by_the_database(outcomes) == []
        assert outcomes[0] == kept


def test_a_person_deletes_everything_while_a_phone_is_signed_out(
    formation: Formation, make_volunteer: MakeVolunteer, race: Race, at: datetime
) -> None:
    for _ in range(ROUNDS):
        person = make_volunteer(formation.squadron_a)

        outcomes = race(
            partial(erase_person, by=User.objects.get(pk=person.user_id), at=at),
            signs_out(person, at),
            signs_out(person, at),
        )

        assert ended_by_the_database(outcomes) == []
        assert Volunteer.objects.get(pk=person.pk).erased_at == at


def test_a_unit_is_split_while_its_people_leave_and_sign_out(
    formation: Formation, make_volunteer: MakeVolunteer, commander: User, race: Race, at: datetime
) -> None:
    for turn in range(ROUNDS):
        moved, leaving = (make_volunteer(formation.squadron_a) for _ in range(2))
        wanted = SplitIn(name=f"新村{turn}", members=[f"{moved.number:08d}"])

        outcomes = race(
            partial(split_unit, unit=formation.squadron_a, wanted=wanted, by=commander, at=at),
            partial(
                leave_unit, number=f"{leaving.number:08d}", unit=formation.squadron_a, by=commander, at=at
            ),
            signs_out(moved, at),
        )

        assert ended_by_the_database(outcomes) == []
        assert moved.memberships.get().unit.display_name == wanted.name
