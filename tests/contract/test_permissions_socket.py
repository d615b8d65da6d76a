"""Every cell of the permissions on a socket: who, on which level, joins which topic, commands what, watches whom."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch.models import Assignment, AssignmentStatus
from backend.lib.errors import Refusal
from backend.realtime.log.receipts import receipts
from backend.realtime.services import may_join
from backend.realtime.socket.hub import hub
from backend.tracking.queries.watching import watched_scopes
from backend.volunteers.topics import principal_of_user
from tests.contract.acts import DIRECTS, LEVELS, POSTS, Opens
from tests.contract.full_force import Cell, Force, make_force
from tests.contract.permissions import TOPICS, WATCHES
from tests.realtime.conftest import Socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def sockets(force: Force) -> AsyncIterator[dict[tuple[str, str], Socket]]:
    """Open a socket for every caller."""
    opened: dict[tuple[str, str], Socket] = {}
    for caller, token in force.tokens.items():
        socket = await Socket({"authorization": f"Bearer {token}"}, ["muster.v1"]).open()
        opened[caller] = socket
        assert "problem" not in await socket.hello()
    yield opened
    for socket in opened.values():
        await socket.communicator.disconnect()
    await hub.stop()
    receipts._pending.clear()
    await sync_to_async(connections.close_all)()


@pytest.fixture
def force(transactional_db: None) -> Force:
    """Make the force."""
    return make_force()


def as_told(cells: list[Cell], opens: Opens) -> dict[Cell, int | None]:
    """Return what the table says: None where it is open, 404 where it is not."""
    return {cell: None if cell.relation in opens[cell.post] else 404 for cell in cells}


def status_of(reply: dict[str, Any]) -> int | None:
    """Return the status of a refusal, None for a result."""
    return int(reply["problem"]["status"]) if "problem" in reply else None


async def test_topics_commands_and_the_map_open_where_the_table_says(
    force: Force, sockets: dict[tuple[str, str], Socket]
) -> None:
    cells = list(force.cells())
    for address, (words, opens) in TOPICS.items():
        answers = {}
        for cell in cells:
            names = force.targets[cell.level, cell.relation]
            topic = address.format(**names)
            reply = await sockets[cell.post, cell.level].command("topic.join", {"topic": topic})
            answers[cell] = status_of(reply)
        assert answers == as_told(cells, opens), words

    before = await sync_to_async(_answers)()
    for cell in cells:
        body = {"task": force.targets[cell.level, cell.relation]["task"], "answer": "accept"}
        reply = await sockets[cell.post, cell.level].command("assignment.answer", body, uuid7())
        assert status_of(reply) == 404, f"answering for somebody else: {cell}"
    assert await sync_to_async(_answers)() == before

    for level in LEVELS:
        for post in POSTS:
            socket = sockets[post, level]
            viewed = await socket.command("map.view", {"bbox": [119.0, 29.0, 120.5, 30.0], "zoom": 9})
            assert (status_of(viewed) is None) == (post in DIRECTS)
            assert status_of(await socket.command("duty.set", {"on": True})) is None


def test_the_map_shows_whom_the_table_says(force: Force) -> None:
    cells = list(force.cells())
    watched = {caller: _scopes(user) for caller, user in force.callers.items()}

    seen = {
        cell: None
        if force.targets[cell.level, cell.relation]["path"].startswith(watched[cell.post, cell.level])
        else 404
        for cell in cells
    }

    assert seen == as_told(cells, WATCHES)


def test_a_socket_loses_what_a_suspension_closes(force: Force) -> None:
    """Whoever looks again at what a socket has joined finds that the post no longer opens it."""
    caller = force.callers["leader", "brigade"]
    principal = principal_of_user(caller)
    task = f"task.{force.targets['brigade', 'below']['task']}"
    assert may_join(principal, task)

    caller.volunteer.standing = "suspended"
    caller.volunteer.save(update_fields=["standing"])

    assert not may_join(principal, task)


def _scopes(user: User) -> tuple[str, ...]:
    try:
        return tuple(watched_scopes(principal_of_user(user)))
    except Refusal:
        return ()


def _answers() -> list[tuple[int, str]]:
    return list(
        Assignment.objects.exclude(status=AssignmentStatus.OFFERED).values_list("volunteer", "status")
    )
