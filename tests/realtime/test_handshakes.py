"""Hellos that come at the same moment are read together, and each gets what it would have got alone."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import revoke_device, sign_in
from backend.lib.errors import NotAllowed, NotSignedIn
from backend.realtime import services
from backend.realtime.log import epochs
from backend.realtime.registry import Credentials
from backend.realtime.services import Opening, Reached
from backend.realtime.socket.handshakes import Arrivals
from backend.realtime.sync import release_connections
from backend.volunteers import services as volunteers
from backend.volunteers.models import Unit
from tests.conftest import Formation, MakeVolunteer

Arriving = tuple[Credentials, Reached]


@pytest.fixture
def arrive(at: datetime) -> Callable[..., Arriving]:
    """Return what makes somebody's hello: a new device, and a cursor in each of their topics."""

    def make(user: User, at_cursor: int | None = 0) -> Arriving:
        tokens = sign_in(user=user, device=DeviceIn(id=uuid7()), at=at).tokens
        unit = user.volunteer.memberships.get(is_primary=True).unit
        names = [user.volunteer.topic, *(above.topic for above in Unit.objects.filter(path__in=unit.line))]
        cursors = {} if at_cursor is None else dict.fromkeys(names, at_cursor)
        return Credentials(token=tokens.access), Reached(epochs.current(), cursors)

    return make


def change_duty(user: User, at: datetime) -> None:
    """Make one event in the person's topic."""
    volunteers.set_duty(on=False, by=user, at=at)


def openings(found: list[Any]) -> list[Opening]:
    assert all(isinstance(one, Opening) for one in found)
    return found


def test_many_hellos_take_as_many_queries_as_one(
    formation: Formation,
    make_volunteer: MakeVolunteer,
    arrive: Callable[..., Arriving],
    django_assert_max_num_queries: Any,
    at: datetime,
) -> None:
    people = [make_volunteer(formation.squadron_a).user for _ in range(12)]
    together = [arrive(user) for user in people]
    for user in people:
        change_duty(user, at)
    services.open_sockets(together[:1], at=at)  # the names of the line of units are kept from here on

    with django_assert_max_num_queries(5 if connection.vendor == "postgresql" else 6):
        found = openings(services.open_sockets(together, at=at))

    assert [len(one.missed) for one in found] == [1] * 12
    assert [one.missed[0].topic for one in found] == [user.volunteer.topic for user in people]
    assert [set(one.topics) for one in found] == [set(reached.cursors) for _, reached in together]


def test_each_gets_what_came_after_its_own_cursor(
    volunteer: User, arrive: Callable[..., Arriving], at: datetime
) -> None:
    for on in (False, True, False):
        volunteers.set_duty(on=on, by=volunteer, at=at)

    found = openings(services.open_sockets([arrive(volunteer, cursor) for cursor in (3, 0, 2)], at=at))

    assert [[message.seq for message in one.missed] for one in found] == [[], [1, 2, 3], [3]]
    assert found[1].missed[2] is found[2].missed[0]  # read and encoded once


def test_a_refusal_keeps_nobody_else_out(
    volunteer: User, outsider: User, arrive: Callable[..., Arriving], at: datetime
) -> None:
    good, revoked = arrive(volunteer), arrive(outsider)
    revoke_device(device_id=Device.objects.get(user=outsider).pk, by=outsider, at=at)

    found = services.open_sockets(
        [revoked, (Credentials(token="nonsense"), Reached()), good, (Credentials(), Reached())], at=at
    )

    assert [type(one) for one in found] == [NotAllowed, NotSignedIn, Opening, NotSignedIn]


def test_what_is_too_much_for_one_phone_begins_with_a_snapshot(
    volunteer: User, arrive: Callable[..., Arriving], at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for on in (False, True, False):
        volunteers.set_duty(on=on, by=volunteer, at=at)
    monkeypatch.setattr("backend.realtime.log.event_log.MAX_REPLAY_OF_ALL", 2)

    (opening,) = openings(services.open_sockets([arrive(volunteer)], at=at))

    assert opening.afresh == [volunteer.volunteer.topic]
    assert services.with_snapshots(opening).topics[volunteer.volunteer.topic].snapshot is not None


@pytest.mark.django_db(transaction=True)
async def test_sockets_wait_for_nobody_and_share_what_they_read(
    volunteer: User, outsider: User, arrive: Callable[..., Arriving], at: datetime
) -> None:
    together = [await sync_to_async(arrive)(user) for user in (volunteer, outsider)]
    without_cursor = await sync_to_async(arrive)(volunteer, None)
    arrivals = Arrivals()

    found = await asyncio.gather(
        *(arrivals.open(*one) for one in (*together, without_cursor, (Credentials(token="x"), Reached()))),
        return_exceptions=True,
    )

    assert [type(one) for one in found] == [Opening, Opening, Opening, NotSignedIn]
    assert isinstance(found[2], Opening)
    assert "me" in (found[2].topics[volunteer.volunteer.topic].snapshot or {})
    await release_connections()
    await sync_to_async(connections.close_all)()


@pytest.mark.django_db(transaction=True)
async def test_one_that_cannot_be_read_keeps_nobody_else_out(
    volunteer: User, arrive: Callable[..., Arriving], at: datetime
) -> None:
    good = await sync_to_async(arrive)(volunteer)
    epoch, wrong = good[1].epoch, cast(Any, "not a number")
    bad = (Credentials(session_key="a" * 32), Reached(epoch, {"person.1": wrong}))
    broken = (good[0], Reached(epoch, dict.fromkeys(good[1].cursors, wrong)))
    arrivals = Arrivals()

    found = await asyncio.gather(
        *(arrivals.open(*one) for one in (bad, broken, good)), return_exceptions=True
    )

    assert [type(one) for one in found] == [NotSignedIn, TypeError, Opening]
    await release_connections()
    await sync_to_async(connections.close_all)()
