"""A device and a person have so many sockets open in a process; beyond that the oldest is closed."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from backend.accounts.models import User
from backend.realtime.socket import holders
from backend.realtime.socket.hub import hub
from tests.realtime.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_oldest_socket_of_a_device_makes_room_for_the_newest(
    connect: Connect,
    volunteer: User,
    leader: User,
    client_of: Callable[[User], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holders, "MOST_OF_DEVICE", 2)
    phone = await sync_to_async(client_of)(volunteer)
    others = [await connect(volunteer), await connect(leader)]
    sockets = [await connect(token=phone.tokens.access) for _ in range(4)]

    assert [await socket.receive() for socket in sockets[:2]] == [{"close": 4290}] * 2
    for socket in (*sockets[2:], *others):
        assert "result" in await socket.command("map.leave", {})
    assert len(hub.connections) == 4


async def test_all_devices_of_a_person_are_bounded_together(
    connect: Connect, volunteer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "MOST_OF_PERSON", 3)
    sockets = [await connect(volunteer) for _ in range(4)]

    assert await sockets[0].receive() == {"close": 4290}
    for socket in sockets[1:]:
        assert "result" in await socket.command("map.leave", {})


async def test_sockets_that_have_gone_leave_nothing_behind(connect: Connect, volunteer: User) -> None:
    sockets = [await connect(volunteer) for _ in range(3)]
    for socket in sockets:
        await socket.communicator.disconnect()

    assert (hub._holders._sessions, hub._holders._people) == ({}, {})
