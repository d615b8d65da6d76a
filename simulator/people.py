"""Makes thousands of volunteers with signed-in devices in bulk; the server's own code signs their tokens.

For measurements and fault tests: a sign-in by password would cost a hash each.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction

from backend.accounts.models import Device, User
from backend.accounts.tokens import tokens_for
from backend.lib.clock import now
from backend.volunteers.consents import current_version
from backend.volunteers.models import Membership, Post, Purpose, Role, Unit, UnitKind, Volunteer
from backend.volunteers.services.counts import recount
from backend.volunteers.services.roster import roster_fields

UNIT = "0726000000"
OTHER_UNIT = "0727000002"
LEVELS = (UnitKind.HEADQUARTERS, UnitKind.CORPS, UnitKind.DETACHMENT, UnitKind.BRIGADE, UnitKind.SQUADRON)
FIRST_NUMBER = 20_000_000
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who has signed in on a phone."""

    number: int
    access: str
    refresh: str


@transaction.atomic
def make_people(numbers: Sequence[int], *, line: Sequence[str] = (UNIT,), below: str = "") -> list[SignedIn]:
    """Make a unit with members on duty who have these numbers, each with one device; the first commands it.

    `line` is the numbers of the units from the root down to theirs, or from a child of the existing unit `below`.
    """
    at = now()
    unit = _lowest(line, below)
    volunteers = _volunteers(numbers, at)
    members = [
        Membership(
            volunteer=volunteer, unit=unit, is_primary=True, **roster_fields(volunteer.name, unit.path)
        )
        for volunteer in volunteers
    ]
    Membership.objects.bulk_create(members, batch_size=BATCH)
    Post.objects.create(volunteer=volunteers[0], unit=unit, role=Role.COMMANDER, seat=1, from_at=at)
    devices = Device.objects.bulk_create([_device(v.user, at) for v in volunteers], batch_size=BATCH)
    recount([unit.pk], at=at)
    return [_signed_in(volunteer, device, at) for volunteer, device in zip(volunteers, devices, strict=True)]


def numbers_of(count: int) -> list[int]:
    """Return the numbers of people in bulk. They have no check digit, because no person types them."""
    return list(range(FIRST_NUMBER, FIRST_NUMBER + count))


def _lowest(line: Sequence[str], below: str) -> Unit:
    unit: Unit | None = Unit.objects.get(number=below) if below else None
    levels = LEVELS[LEVELS.index(unit.kind) + 1 :] if unit else LEVELS
    for number, kind in zip(line, levels, strict=False):
        add = Unit.add_root if unit is None else unit.add_child
        unit = add(kind=kind, number=number, official_name="Crowd", display_name="Crowd")
    assert unit is not None
    return unit


def _volunteers(numbers: Sequence[int], at: datetime) -> Sequence[Volunteer]:
    nobody_knows = "!"
    users = User.objects.bulk_create([User(password=nobody_knows) for _ in numbers], BATCH)
    return Volunteer.objects.bulk_create(
        [
            Volunteer(
                user=user,
                number=number,
                name=f"Member {number}",
                born_on=at.date() - timedelta(days=30 * 365),
                duty_since=at,
                duty_until=at + timedelta(hours=12),
                location_consent_at=at,
                location_consent_version=current_version(Purpose.LOCATION),
            )
            for user, number in zip(users, numbers, strict=True)
        ],
        batch_size=BATCH,
    )


def _device(user: User, at: datetime) -> Device:
    return Device(
        pk=uuid.uuid4(),
        user=user,
        platform="other",
        created_at=at,
        last_seen_at=at,
        refresh_id=uuid.uuid4().hex,
    )


def _signed_in(volunteer: Volunteer, device: Device, at: datetime) -> SignedIn:
    tokens = tokens_for(device, number=volunteer.number, at=at)
    return SignedIn(volunteer.number, tokens.access, tokens.refresh)


def print_people(count: int, *, others: int = 0) -> None:
    """Make people and print them as JSON, for a program without Django.

    `others` are the members of a second unit that is unrelated to the first.
    """
    numbers = numbers_of(count + others)
    people = make_people(numbers[:count])
    if others:
        people += make_people(numbers[count:], line=[OTHER_UNIT])
    print(json.dumps([asdict(person) for person in people]))
