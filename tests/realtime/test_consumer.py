"""The wire protocol on one socket: sign-in, hello, replay, commands, limits, close codes."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.services.devices import register_page_device
from backend.lib.shapes import Request, Shape
from backend.realtime import sync
from backend.realtime.frames import MAX_FRAME_BYTES, Audience
from backend.realtime.log import event_log
from backend.realtime.models import KeyedAct, Receipt
from backend.realtime.registry import Call, Command, registry
from backend.realtime.socket import consumer
from backend.realtime.socket.hub import hub
from tests.realtime.conftest import Connect, Socket
from tests.realtime.samples import SampleHappened

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@sync_to_async
def publish(topic: str, n: int = 0, audience: Audience | None = None) -> int:
    with transaction.atomic():
        return event_log.publish(topic, SampleHappened(n=n), at=AT, audience=audience)


# --- hello --------------------------------------------------------------------------------------------------------


async def test_hello_joins_ones_person_and_units_up_to_headquarters(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    socket = await connect(volunteer)
    welcome = socket.welcome  # type: ignore[attr-defined]
    line = [
        formation.headquarters,
        formation.corps,
        formation.detachment,
        formation.brigade,
        formation.squadron_a,
    ]
    assert set(welcome["topics"]) == {volunteer.volunteer.topic, *(unit.topic for unit in line)}
    assert welcome["volunteer"] == f"{volunteer.volunteer.number:08d}"
    assert welcome["heartbeat_s"] == 25


async def test_hello_without_a_cursor_brings_a_snapshot_and_with_one_the_missed_events(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    topic = formation.brigade.topic
    for n in range(3):
        await publish(topic, n)
    socket = await connect(volunteer, cursors={topic: 1})
    topics = socket.welcome["topics"]  # type: ignore[attr-defined]
    assert topics[topic] == {"head": 3, "recovered": True, "snapshot": None}
    assert topics[volunteer.volunteer.topic]["recovered"] is False
    assert set(topics[volunteer.volunteer.topic]["snapshot"]) == {"me", "offers"}
    assert [(await socket.receive())["seq"] for _ in range(2)] == [2, 3]
    assert await socket.is_silent()


async def test_hello_with_a_cursor_beyond_the_log_is_not_recovered(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    await publish(formation.brigade.topic)
    socket = await connect(volunteer, cursors={formation.brigade.topic: 9})
    assert socket.welcome["topics"][formation.brigade.topic]["recovered"] is False  # type: ignore[attr-defined]


async def test_an_event_reaches_those_it_is_for_live_and_in_replay(
    connect: Connect, volunteer: User, leader: User, formation: Any
) -> None:
    topic = formation.squadron_a.topic
    asked, other = await connect(volunteer), await connect(leader)
    await publish(topic, 1, Audience(numbers=[volunteer.volunteer.number]))
    await publish(topic, 2)
    assert [(await asked.event("sample.happened"))["seq"] for _ in range(2)] == [1, 2]
    assert (await other.event("sample.happened"))["seq"] == 2
    again = await connect(leader, cursors={topic: 0})
    assert (await again.event("sample.happened"))["seq"] == 2


# --- sign-in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
async def test_a_socket_without_a_good_token_is_closed_with_4401(connect: Connect, token: str | None) -> None:
    socket = await connect(token=token)
    assert socket.welcome == {"close": 4401}  # type: ignore[attr-defined]


async def test_an_expired_token_is_closed_with_4401(
    connect: Connect, volunteer: User, client_of: Callable[[User], Any], monkeypatch: Any
) -> None:
    old = datetime.now(UTC) - timedelta(hours=1)
    client = await sync_to_async(client_of)(volunteer)
    from backend.accounts import tokens
    from backend.accounts.models import Device

    device = await Device.objects.aget(user=volunteer)
    expired = tokens.tokens_for(device, number=volunteer.volunteer.number, at=old).access
    assert (await connect(token=expired)).welcome == {"close": 4401}  # type: ignore[attr-defined]
    assert client.tokens.access != expired


async def test_a_token_of_a_signed_out_device_is_closed_with_4403(
    connect: Connect, volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = await sync_to_async(client_of)(volunteer)
    response = await sync_to_async(client.post)("/api/v1/sign-out")
    assert response.status_code == 204
    assert (await connect(token=client.tokens.access)).welcome == {"close": 4403}  # type: ignore[attr-defined]


async def test_signing_out_closes_the_open_socket(
    connect: Connect, volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = await sync_to_async(client_of)(volunteer)
    socket = await connect(token=client.tokens.access)
    await sync_to_async(client.post)("/api/v1/sign-out")
    assert {"close": 4403} in [await socket.receive() for _ in range(2)] + [{}]


async def test_a_browser_signs_in_by_subprotocol(
    connect: Connect, volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = await sync_to_async(client_of)(volunteer)
    socket = await Socket({}, ["muster.v1", f"bearer.{client.tokens.access}"]).open()
    assert (await socket.hello())["volunteer"] == f"{volunteer.volunteer.number:08d}"
    await socket.communicator.disconnect()


@pytest.mark.parametrize(
    ("origin", "good"), [("http://testserver", True), ("http://evil.example", False), (None, False)]
)
async def test_a_page_signs_in_by_cookie_only_from_its_own_origin(
    connect: Connect, volunteer: User, at: datetime, origin: str | None, good: bool
) -> None:
    browser = Client()
    await sync_to_async(_sign_in_page)(browser, volunteer)
    headers = {"cookie": f"sessionid={browser.cookies['sessionid'].value}", "host": "testserver"}
    socket = await Socket(headers | ({"origin": origin} if origin else {}), ["muster.v1"]).open()
    answer = await socket.hello()
    assert ("volunteer" in answer, answer.get("close")) == ((True, None) if good else (False, 4401))
    await socket.communicator.disconnect()


def _sign_in_page(browser: Client, user: User) -> None:
    browser.force_login(user, backend="backend.accounts.signin.NumberOrPhoneBackend")
    session = browser.session
    device = register_page_device(user=user, name="test", at=datetime.now(UTC))
    session["device"] = str(device.pk)
    session.save()


async def test_renew_keeps_the_socket_with_a_new_token_of_the_same_device_only(
    connect: Connect, volunteer: User, outsider: User, client_of: Callable[[User], Any]
) -> None:
    client, other = await sync_to_async(client_of)(volunteer), await sync_to_async(client_of)(outsider)
    socket = await connect(token=client.tokens.access)
    assert (await socket.command("session.renew", {"token": client.tokens.access}))["result"] == {"ok": True}
    refused = await socket.command("session.renew", {"token": other.tokens.access})
    assert refused["problem"]["status"] == 403


# --- frames -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        ("{", "/problems/malformed"),
        ("[]", "/problems/invalid"),
        ({"type": "position", "n": "x", "fixes": []}, "/problems/invalid"),
        ({"type": "receipt", "delivered": {"a": "b"}}, "/problems/invalid"),
        ({"id": 7, "type": "no.such", "key": str(uuid7())}, "/problems/unknown-type"),
        ({"id": 7, "type": "duty.set", "body": {"on": True}}, "/problems/key-missing"),
        ({"id": 7, "type": "duty.set", "key": str(uuid7()), "body": {"on": 3, "x": 1}}, "/problems/invalid"),
        ({"id": 7, "type": "topic.join", "body": {"topic": "nonsense"}}, "/problems/not-found"),
    ],
)
async def test_a_bad_frame_gets_a_problem_and_the_socket_stays_open(
    connect: Connect, volunteer: User, frame: Any, problem: str
) -> None:
    socket = await connect(volunteer)
    await socket.send(frame)
    answer = await socket.receive()
    assert answer["problem"]["type"] == problem
    await socket.send({"type": "ping"})
    assert (await socket.receive())["type"] == "pong"


async def test_a_position_without_a_datum_is_refused_naming_the_field(
    connect: Connect, volunteer: User
) -> None:
    socket = await connect(volunteer)
    fix = {"at": "2026-03-01T12:00:00Z", "lon": 119.9, "lat": 29.4}
    await socket.send({"type": "position", "n": 1, "fixes": [fix]})
    stored = await socket.receive()
    assert (stored["results"], [error["pointer"] for error in stored["errors"]]) == (
        ["invalid"],
        ["/fixes/0/datum"],
    )


@pytest.mark.parametrize("first", [{"type": "ping"}, "nonsense", {"id": 1, "type": "duty.set"}])
async def test_whoever_does_not_say_hello_first_is_closed_with_4400(connect: Connect, first: Any) -> None:
    socket = await Socket({}, []).open()
    await socket.send(first)
    assert await socket.receive() == {"close": 4400}


async def test_a_frame_that_is_too_large_closes_with_4400(connect: Connect, volunteer: User) -> None:
    socket = await connect(volunteer)
    await socket.send("x" * (MAX_FRAME_BYTES + 1))
    assert await socket.receive() == {"close": 4400}


async def test_a_flood_closes_with_4290_and_others_notice_nothing(
    connect: Connect, volunteer: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await connect(outsider)
    monkeypatch.setattr(consumer, "FRAMES_PER_S", 0)  # a slow machine would be given as many as it sends
    flooding = await connect(volunteer)
    for _ in range(400):
        await flooding.send({"type": "ping"})
    frames = [await flooding.receive()]
    while "close" not in frames[-1]:
        frames.append(await flooding.receive())
    assert frames[-1] == {"close": 4290}
    assert consumer.BURST - 1 <= len(frames[:-1]) <= consumer.BURST
    await other.send({"type": "ping"})
    assert (await other.receive())["type"] == "pong"


# --- topics -------------------------------------------------------------------------------------------------------


async def test_a_topic_that_may_not_be_seen_answers_like_one_that_does_not_exist(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    socket = await connect(volunteer)
    hidden = await socket.command("topic.join", {"topic": formation.squadron_c.topic})
    missing = await socket.command("topic.join", {"topic": "unit.9999999999"})
    assert hidden["problem"] == missing["problem"]


async def test_leaving_a_topic_ends_its_events(connect: Connect, commander: User, formation: Any) -> None:
    socket = await connect(commander)
    topic = formation.squadron_c.topic
    joined = await socket.command("topic.join", {"topic": topic})
    assert joined["result"]["head"] == 0
    await publish(topic)
    assert (await socket.event("sample.happened"))["seq"] == 1
    await socket.command("topic.leave", {"topic": topic})
    await publish(topic)
    assert await socket.is_silent()


async def test_receipts_count_for_joined_topics_only_and_never_beyond_the_head(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    topic = formation.squadron_a.topic
    socket = await connect(volunteer)
    await publish(topic)
    await socket.event("sample.happened")
    await socket.send(
        {"type": "receipt", "epoch": hub.epoch, "delivered": {topic: 99, "unit.0": 5}, "seen": {topic: 1}}
    )
    await asyncio.sleep(1)
    rows = [row async for row in Receipt.objects.values_list("topic", "person", "delivered", "seen")]
    assert rows == [(topic, volunteer.volunteer.number, 1, 1)]


async def test_a_receipt_of_what_this_process_has_not_heard_yet_counts(
    connect: Connect, volunteer: User, formation: Any
) -> None:
    """A phone may have read it over REST, from another process; it does not say so a second time."""
    topic, other = formation.squadron_a.topic, formation.brigade.topic
    socket = await connect(volunteer)
    for _ in range(2):
        await publish(topic)
        await socket.event("sample.happened")
    await publish(other)
    await socket.event("sample.happened")
    hub.topics[topic].head = 1

    await socket.send(
        {"type": "receipt", "epoch": hub.epoch, "delivered": {topic: 2, other: 99}, "seen": {topic: 2}}
    )

    wanted = {topic: (2, 2), other: (1, 0)}
    stored: dict[str, tuple[int, int]] = {}
    for _ in range(50):
        if stored == wanted:
            break
        await asyncio.sleep(0.1)
        rows = [row async for row in Receipt.objects.values_list("topic", "delivered", "seen")]
        stored = {name: (delivered, seen) for name, delivered, seen in rows}
    assert stored == wanted


# --- commands -----------------------------------------------------------------------------------------------------


class Sleep(Request):
    seconds: float


class Slept(Shape):
    at: float


@pytest.fixture
def sleeping_command() -> Any:
    """Register a command that holds its thread."""

    def run(user: User, body: Sleep, at: datetime) -> Slept:
        time.sleep(body.seconds)
        return Slept(at=time.monotonic())

    def read(calls: Sequence[Call]) -> list[Slept]:
        return [Slept(at=0) for _ in calls]

    registry.commands["test.sleep"] = Command("test.sleep", Sleep, Slept, run, read)
    yield
    del registry.commands["test.sleep"]


async def test_the_same_key_does_nothing_and_tells_how_things_stand(
    connect: Connect, volunteer: User, sleeping_command: None
) -> None:
    socket, key = await connect(volunteer), uuid7()
    first = await socket.command("test.sleep", {"seconds": 0}, key)
    again = await socket.command("test.sleep", {"seconds": 0}, key)
    assert first["result"]["at"] > 0
    assert again == {"reply": again["reply"], "result": {"at": 0}, "replayed": True}
    assert await KeyedAct.objects.acount() == 1
    other_body = await socket.command("test.sleep", {"seconds": 1}, key)
    assert other_body["problem"]["type"] == "/problems/key-used-otherwise"
    other_use = await socket.command("duty.set", {"on": True}, key)
    assert other_use["problem"]["type"] == "/problems/key-used-otherwise"


async def test_a_busy_socket_does_not_delay_another(
    connect: Connect, volunteer: User, outsider: User, formation: Any, sleeping_command: None
) -> None:
    """Trap 2: sockets do not share one worker thread."""
    busy, other = await connect(volunteer), await connect(outsider)
    slow = asyncio.ensure_future(busy.command("test.sleep", {"seconds": 1}))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await other.command("topic.join", {"topic": formation.squadron_c.topic})
    assert time.monotonic() - started < 0.8
    await slow


async def test_frames_without_the_database_do_not_visit_the_thread_pool(
    connect: Connect, volunteer: User, sleeping_command: None
) -> None:
    """Trap 1: they are answered while every worker thread is taken."""
    socket = await connect(volunteer)
    loop = asyncio.get_running_loop()
    taken = [loop.run_in_executor(sync._pool, time.sleep, 1.0) for _ in range(sync.WORKERS)]
    started = time.monotonic()
    for _ in range(50):
        await socket.send({"type": "ping"})
        assert (await socket.receive())["type"] == "pong"
    assert time.monotonic() - started < 0.8
    await asyncio.gather(*taken)


async def test_heartbeats_name_the_heads(
    connect: Connect, volunteer: User, formation: Any, settings: Any
) -> None:
    settings.MUSTER = replace(settings.MUSTER, heartbeat_s=1)
    socket = await connect(volunteer)
    await publish(formation.brigade.topic)
    heads: dict[str, int] = {}
    async with asyncio.timeout(4):
        while heads.get(formation.brigade.topic) != 1:
            frame = json.loads((await socket.communicator.receive_output(3))["text"])
            heads = frame.get("heads", {})


async def test_a_socket_that_leaves_is_forgotten(connect: Connect, volunteer: User) -> None:
    socket = await connect(volunteer)
    await socket.communicator.disconnect()
    assert (hub.connections, hub.topics) == ({}, {})


async def test_whoever_may_no_longer_see_a_topic_is_taken_out_of_it(
    connect: Connect, commander: User, formation: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.MUSTER = replace(settings.MUSTER, heartbeat_s=1)
    monkeypatch.setattr("backend.realtime.socket.hub.REVIEW_EVERY", 1)
    socket, topic = await connect(commander), formation.squadron_c.topic
    await socket.command("topic.join", {"topic": topic})
    await commander.volunteer.posts.aupdate(until_at=datetime.now(UTC))
    assert await socket.event("topic.revoked") == {"type": "topic.revoked", "topic": topic}
    await publish(topic)
    assert topic not in hub.topics


async def test_heartbeats_do_not_count_what_was_for_others(
    connect: Connect, volunteer: User, formation: Any, settings: Any
) -> None:
    settings.MUSTER = replace(settings.MUSTER, heartbeat_s=1)
    topic, for_others = formation.brigade.topic, Audience(numbers=[10000005])
    await publish(topic)
    await publish(topic, audience=for_others)
    socket = await connect(volunteer, cursors={topic: 0})
    await publish(topic, audience=for_others)
    heartbeat = json.loads((await socket.communicator.receive_output(3))["text"])
    while "heads" not in heartbeat:
        heartbeat = json.loads((await socket.communicator.receive_output(3))["text"])
    assert heartbeat["heads"][topic] == 1


async def test_a_unit_that_is_not_recovered_beside_a_person_that_is_brings_its_offers(
    connect: Connect, volunteer: User
) -> None:
    first = await connect(volunteer)
    unit, person = "unit.0726010014", volunteer.volunteer.topic
    assert first.welcome["topics"][unit]["snapshot"] == {}  # type: ignore[attr-defined]
    again = await connect(volunteer, cursors={person: 0})
    topics = again.welcome["topics"]  # type: ignore[attr-defined]
    assert (topics[person]["snapshot"], topics[unit]["snapshot"]) == (
        None,
        {"offers": {"items": [], "next": None}},
    )
