"""The hub delivers in order, without gaps, to those an event is for."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from backend.realtime import sessions
from backend.realtime.frames import Audience, Message, encode_event
from backend.realtime.log import bus, event_log
from backend.realtime.socket.hub import YIELD_EVERY, Hub
from backend.realtime.socket.local import RING
from backend.realtime.sync import in_thread, release_connections
from tests.realtime.samples import Phone, SampleHappened

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOPIC = "sample.a"


def message(seq: int, audience: Audience | None = None) -> Message:
    data = SampleHappened(n=seq).model_dump_json()
    return encode_event(TOPIC, seq, "sample.happened", AT, data, audience)


def seqs(phone: Phone) -> list[int]:
    frames = [json.loads(m["text"]) for m in phone.sent if m["type"] == "websocket.send"]
    return [frame["seq"] for frame in frames if "topic" in frame]


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    hub.start()
    yield hub
    await hub.stop()
    await release_connections()


def joined(hub: Hub, phone: Phone, head: int = 0) -> Phone:
    hub.add(phone.connection)
    for missed in hub.join(phone.connection, TOPIC, head):
        phone.connection.push(missed)
    return phone


@pytest.mark.django_db(transaction=True)
async def test_messages_arrive_in_order_however_they_come(hub: Hub) -> None:
    phone = joined(hub, Phone())
    hub.take([message(2), message(1), message(1), message(3), message(2)])
    assert seqs(phone) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
async def test_an_audience_hides_an_event_from_the_others(hub: Hub) -> None:
    asked, other = joined(hub, Phone(10000005)), joined(hub, Phone(10000013))
    hub.take([message(1, Audience(numbers=[10000005])), message(2)])
    assert (seqs(asked), seqs(other)) == ([1, 2], [2])


@pytest.mark.django_db(transaction=True)
async def test_join_sends_what_came_between_the_read_and_the_join(hub: Hub) -> None:
    joined(hub, Phone())
    hub.take([message(n) for n in range(1, 6)])
    late = joined(hub, Phone(10000013), head=3)
    assert seqs(late) == [4, 5]
    assert hub.covers(TOPIC, 0)


@pytest.mark.django_db(transaction=True)
async def test_join_of_a_topic_nobody_had_joined_finds_what_strayed_in(hub: Hub) -> None:
    hub.take([message(1), message(2)])
    assert seqs(joined(hub, Phone(), head=1)) == [2]


@pytest.mark.django_db(transaction=True)
async def test_covers_says_when_memory_no_longer_reaches_back(hub: Hub) -> None:
    joined(hub, Phone())
    hub.take([message(n) for n in range(1, RING + 10)])
    assert (hub.covers(TOPIC, 3), hub.covers(TOPIC, 9)) == (False, True)


@pytest.mark.django_db(transaction=True)
async def test_the_last_to_leave_takes_the_topic_along(hub: Hub) -> None:
    phone = joined(hub, Phone())
    hub.remove(phone.connection)
    assert (hub.topics, hub.connections) == ({}, {})


@pytest.mark.django_db(transaction=True)
async def test_one_phone_that_never_reads_does_not_delay_the_others(hub: Hub) -> None:
    joined(hub, Phone(10000013, reads=False))
    phones = [joined(hub, Phone()) for _ in range(50)]
    hub.take([message(n) for n in range(1, 101)])
    assert all(seqs(phone) == list(range(1, 101)) for phone in phones)


@pytest.mark.django_db(transaction=True)
async def test_a_large_topic_is_written_in_portions_and_in_order(hub: Hub) -> None:
    phones = [joined(hub, Phone(10_000_000 + n)) for n in range(YIELD_EVERY * 2 + 1)]
    hub.take([message(1), message(2)])
    await asyncio.sleep(0)
    assert not all(seqs(phone) == [1, 2] for phone in phones)
    await asyncio.sleep(0.2)
    assert all(seqs(phone) == [1, 2] for phone in phones)


def publish(n: int) -> None:
    with transaction.atomic():
        event_log.publish(TOPIC, SampleHappened(n=n), at=AT)


async def eventually(phone: Phone, expected: list[int], within_s: float = 3) -> None:
    async with asyncio.timeout(within_s):
        while seqs(phone) != expected:
            await asyncio.sleep(0.02)


@pytest.mark.django_db(transaction=True)
async def test_an_event_published_from_a_plain_thread_reaches_the_hub_on_its_loop(hub: Hub) -> None:
    """Trap 6: a thread without a loop must not make one, nor touch this loop's queues."""
    phone = joined(hub, Phone())
    thread = threading.Thread(target=publish, args=(1,))
    thread.start()
    await asyncio.to_thread(thread.join)
    await eventually(phone, [1], within_s=0.5)


@pytest.mark.django_db(transaction=True)
async def test_an_event_that_no_bus_carried_is_found_in_the_log(hub: Hub) -> None:
    phone = joined(hub, Phone())
    bus.attach(asyncio.get_running_loop(), None)  # as if the process died between commit and announcement
    for n in range(3):
        await in_thread(publish, n)
    await eventually(phone, [1, 2, 3])


@pytest.mark.django_db(transaction=True)
async def test_a_gap_is_read_from_the_log_without_waiting_for_the_next_poll(hub: Hub) -> None:
    phone = joined(hub, Phone())
    bus.attach(asyncio.get_running_loop(), None)
    await asyncio.sleep(0.1)
    for n in range(3):
        await in_thread(publish, n)
    hub.take([message(3)])
    await eventually(phone, [1, 2, 3], within_s=0.5)


@pytest.mark.django_db(transaction=True)
async def test_a_revoked_session_is_closed_but_not_its_later_sign_in(hub: Hub) -> None:
    early, other = joined(hub, Phone()), joined(hub, Phone())
    session = early.connection.principal.session
    await in_thread(sessions.store_ended, [(session, sessions.SIGNED_OUT)], at=datetime.now(UTC))
    late = Phone()
    late.connection.principal = early.connection.principal
    late.connection.opened_at = datetime.now(UTC) + timedelta(seconds=1)
    joined(hub, late)
    async with asyncio.timeout(3):
        while early.close_code is None:
            await asyncio.sleep(0.02)
    assert (early.close_code, late.close_code, other.close_code) == (4403, None, None)
