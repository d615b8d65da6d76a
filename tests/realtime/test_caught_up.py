"""A phone is told how far it is: after each replay, and with each heartbeat, over events that were for others too."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from backend.accounts.models import User
from backend.realtime.frames import Audience
from backend.realtime.log import Announcement, event_log
from backend.realtime.socket.hub import YIELD_EVERY, Hub
from backend.realtime.socket.hub import hub as hub_of_process
from tests.realtime.conftest import Connect
from tests.realtime.samples import Phone, SampleHappened
from tests.realtime.test_hub import TOPIC, hub, joined, message, seqs

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FOR_OTHERS = Audience(numbers=[10000005])

__all__ = ["hub"]


@sync_to_async
def publish(topic: str, *audiences: Audience | None) -> None:
    with transaction.atomic():
        event_log.publish_all([Announcement(topic, SampleHappened(n=0), one) for one in audiences], at=AT)


async def test_after_hello_and_its_replay_every_topic_is_said_to_be_caught_up(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    topic = formation.brigade.topic
    await publish(topic, None, None, FOR_OTHERS)
    socket = await connect(volunteer, cursors={topic: 1})
    own = socket.welcome["topics"]  # type: ignore[attr-defined]

    frames = [await socket.receive_any() for _ in range(2)]

    assert [frame.get("seq") for frame in frames] == [2, None]
    assert frames[1] == {"type": "caught_up", "topics": dict.fromkeys(own, 0) | {topic: 3}}


async def test_a_topic_that_is_joined_later_is_caught_up_too(
    connect: Connect, commander: User, formation: Any
) -> None:
    topic = formation.squadron_c.topic
    await publish(topic, None, FOR_OTHERS)
    socket = await connect(commander)
    await socket.how_far("caught_up")

    await socket.command("topic.join", {"topic": topic, "cursor": 0, "epoch": hub_of_process.epoch})
    frames = [await socket.receive_any() for _ in range(2)]

    assert [frame.get("seq") for frame in frames] == [1, None]
    assert frames[1] == {"type": "caught_up", "topics": {topic: 2}}


async def test_a_heartbeat_moves_the_cursor_over_events_for_others(
    connect: Connect, volunteer: User, formation: Any, settings: Any
) -> None:
    """More of them than are sent again: the phone that follows `through` still needs no snapshot."""
    settings.MUSTER = replace(settings.MUSTER, heartbeat_s=1)
    topic = formation.brigade.topic
    await publish(topic, None)
    socket = await connect(volunteer, cursors={topic: 0})

    await publish(topic, *[FOR_OTHERS] * (event_log.MAX_REPLAY + 50))
    beat = await socket.how_far("heartbeat")
    while beat["through"][topic] == 1:
        beat = await socket.how_far("heartbeat")
    again = await connect(volunteer, cursors={topic: beat["through"][topic]})

    assert (beat["heads"][topic], beat["through"][topic]) == (1, event_log.MAX_REPLAY + 51)
    assert set(beat["through"]) == set(beat["heads"])
    assert again.welcome["topics"][topic] == {  # type: ignore[attr-defined]
        "head": event_log.MAX_REPLAY + 51,
        "recovered": True,
        "snapshot": None,
    }


async def test_through_waits_for_what_is_still_being_written(hub: Hub) -> None:
    """Members of a large topic are written to in portions: who has not had its turn is not told that it has all."""
    phones = [joined(hub, Phone(10_000_000 + n)) for n in range(YIELD_EVERY * 2 + 1)]
    last = phones[-1]

    hub.take([message(1), message(2)])
    hub._beat(last.connection, AT)

    assert seqs(last) == []
    assert json.loads(last.sent[-1]["text"])["through"] == {TOPIC: 0}
