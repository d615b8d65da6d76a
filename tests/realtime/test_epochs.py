"""Numbers of another epoch of the log mean something else: no cursor and no receipt of it counts."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.realtime.frames import encode_event
from backend.realtime.log import bus, epochs, event_log, receipts
from backend.realtime.models import Epoch, Receipt, Topic
from backend.realtime.registry import registry
from backend.realtime.socket.hub import Hub
from backend.realtime.socket.hub import hub as hub_of_process
from backend.realtime.sync import release_connections
from tests.conftest import Formation, Race
from tests.realtime.conftest import Connect, Json
from tests.realtime.samples import Phone, SampleHappened
from tests.realtime.test_hub import seqs

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOON_S = 4.0


def publish(topic: str, times: int = 1) -> None:
    for n in range(times):
        with transaction.atomic():
            event_log.publish(topic, SampleHappened(n=n), at=AT)


def begin_anew() -> str:
    return epochs.begin(instead_of=epochs.current(), why=epochs.ASKED, at=datetime.now(UTC))


@pytest.fixture
def fresh_process() -> Iterator[None]:
    """Let this process have made sure of nothing yet."""
    epochs._checked.once = False
    yield
    cache.clear()


# --- when one begins ----------------------------------------------------------------------------------------------


def test_there_is_one_epoch_until_another_begins() -> None:
    first = epochs.current()

    assert epochs.current() == first
    second = begin_anew()
    assert epochs.current() == second != first
    assert Entry.objects.get(act="epoch.begun").details == {"why": "asked"}


def test_who_knows_an_older_epoch_begins_none() -> None:
    first, second = epochs.current(), begin_anew()

    assert epochs.begin(instead_of=first, why=epochs.WENT_BACK, at=AT) == second
    assert Epoch.objects.count() == 1


def test_processes_that_notice_at_once_begin_one(race: Race) -> None:
    first = epochs.current()

    begun = race(*[lambda: epochs.begin(instead_of=first, why=epochs.WENT_BACK, at=AT)] * 5)

    assert len(set(begun)) == 1
    assert Entry.objects.filter(act="epoch.begun").count() == 1


def test_a_database_that_is_another_begins_one_and_shouts(
    fresh_process: None, caplog: pytest.LogCaptureFixture
) -> None:
    """What a restored dump looks like: the row says another database than the one it stands in."""
    first = epochs.current()
    Epoch.objects.update(identity="7713725550464694395.00000001.16384.16500")
    if not epochs._identity():
        pytest.skip("nothing tells this database from its copy")

    assert epochs.current() == first  # it has made sure already
    with caplog.at_level(logging.CRITICAL):
        second = epochs.current(check=True)

    assert second != first
    assert "PUT BACK" in caplog.text
    assert epochs.current(check=True) == second
    assert Entry.objects.get(act="epoch.begun").details == {"why": "restored"}


@pytest.mark.parametrize(("noted", "is_another"), [(3, False), (4, True)])
def test_a_log_that_lacks_what_was_noted_outside_begins_one(
    fresh_process: None, noted: int, is_another: bool
) -> None:
    """What a copy of the disk looks like: the same database, without the newest events."""
    first = epochs.current()
    publish("sample.a", 3)
    epochs.note_newest({"sample.a": noted}, first)
    epochs._checked.once = False

    assert (epochs.current() != first) is is_another


def test_what_was_noted_in_another_epoch_says_nothing(fresh_process: None) -> None:
    epochs.note_newest({"sample.a": 9}, epochs.current())
    second = begin_anew()
    epochs._checked.once = False

    assert epochs.current() == second


def test_the_command_begins_one_and_says_what_comes_next() -> None:
    first = epochs.current()

    told = _new_epoch()

    assert f"Epoch {epochs.current()} has begun in place of {first}" in told
    assert "check_numbers --skip" in told


def test_the_command_begins_none_beside_the_one_that_it_notices(fresh_process: None) -> None:
    epochs.current()
    Epoch.objects.update(identity="7713725550464694395.00000001.16384.16500")
    if not epochs._identity():
        pytest.skip("nothing tells this database from its copy")
    epochs._checked.once = False

    told = _new_epoch()

    assert f"Epoch {epochs.current()} has begun: this database is a restored copy" in told
    assert Entry.objects.filter(act="epoch.begun").count() == 1


def _new_epoch() -> str:
    out = StringIO()
    call_command("new_epoch", stdout=out)
    return out.getvalue()


# --- what counts then ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("brings", ["another", "none", "this"])
async def test_cursors_of_another_epoch_are_answered_by_snapshots(
    connect: Connect, volunteer: User, formation: Formation, brings: str
) -> None:
    topic, person = formation.squadron_a.topic, volunteer.volunteer.topic
    await sync_to_async(publish)(topic, 5)
    before = await sync_to_async(epochs.current)()
    now = before if brings == "this" else await sync_to_async(begin_anew)()
    brought = "" if brings == "none" else before
    again = await connect(volunteer, cursors={topic: 3, person: 0}, epoch=brought)
    welcome = again.welcome  # type: ignore[attr-defined]

    recovered = {name: one["recovered"] for name, one in welcome["topics"].items()}
    assert welcome["epoch"] == now
    assert (recovered[topic], recovered[person]) == (brings == "this",) * 2
    if brings != "this":
        assert "me" in welcome["topics"][person]["snapshot"]
        await asyncio.sleep(0.8)  # receipts are stored together
        assert not await Receipt.objects.aexists()


async def test_a_topic_joined_with_a_cursor_of_another_epoch_begins_afresh(
    connect: Connect, commander: User, formation: Formation
) -> None:
    topic, before = formation.squadron_c.topic, await sync_to_async(epochs.current)()
    await sync_to_async(publish)(topic, 3)
    now = await sync_to_async(begin_anew)()
    socket = await connect(commander)

    replies = [
        await socket.command("topic.join", {"topic": topic, "cursor": 1} | named)
        for named in ({"epoch": before}, {}, {"epoch": now})
    ]

    assert [reply["result"]["recovered"] for reply in replies] == [False, False, True]


async def test_receipts_of_another_epoch_count_for_nothing(
    connect: Connect, volunteer: User, formation: Formation
) -> None:
    topic = formation.squadron_a.topic
    socket = await connect(volunteer)
    await sync_to_async(publish)(topic, 3)
    for _ in range(3):
        await socket.event("sample.happened")

    await socket.send({"type": "receipt", "epoch": "another", "delivered": {topic: 3}, "seen": {topic: 3}})
    await socket.send({"type": "receipt", "delivered": {topic: 2}})
    refused = await socket.receive()
    await socket.send({"type": "receipt", "epoch": hub_of_process.epoch, "delivered": {topic: 1}})
    await asyncio.sleep(0.8)

    assert [error["pointer"] for error in refused["problem"]["errors"]] == ["/epoch"]
    assert [(row.delivered, row.seen) async for row in Receipt.objects.all()] == [(1, 0)]


def test_receipts_over_rest_say_what_they_are_worth(
    volunteer: User, client_of: Callable[[User], Any], formation: Formation
) -> None:
    topic, number = formation.squadron_a.topic, f"{volunteer.volunteer.number:08d}"
    publish(topic, 3)
    client, epoch = client_of(volunteer), epochs.current()
    spoken = f"person.{number[:4]} {number[4:]}"
    body = {"delivered": {topic: 2, spoken: 1}, "seen": {"unit.1": 1}}

    void = client.post("/api/v1/receipts", body | {"epoch": "another"}, format="json")
    stored_then = Receipt.objects.exists()
    good = client.post("/api/v1/receipts", body | {"epoch": epoch}, format="json")
    refused = client.post("/api/v1/receipts", body, format="json")

    assert void.json() == good.json() == {"epoch": epoch, "unknown": [spoken, "unit.1"]}
    assert (stored_then, refused.status_code) == (False, 422)
    assert list(Receipt.objects.values_list("topic", "delivered", "seen")) == [(topic, 2, 0)]


def test_catch_up_begins_afresh_in_another_epoch_and_names_what_it_does_not_know(
    volunteer: User, client_of: Callable[[User], Any], formation: Formation
) -> None:
    topic = formation.squadron_a.topic
    publish(topic, 3)
    client, epoch = client_of(volunteer), epochs.current()
    spoken = volunteer.volunteer.topic[:11] + " " + volunteer.volunteer.topic[11:]

    def caught_up(epoch: str | None) -> Json:
        body = {"epoch": epoch, "cursors": {topic: 1, spoken: 4, formation.squadron_c.topic: 2}}
        answer: Json = client.post("/api/v1/catch-up", body, format="json").json()
        return answer

    good, void, none = caught_up(epoch), caught_up("another"), caught_up(None)

    assert [event["seq"] for event in good["topics"][topic]["events"]] == [2, 3]
    assert [one["topics"][topic]["recovered"] for one in (void, none)] == [False, False]
    assert [one["epoch"] for one in (good, void, none)] == [epoch] * 3
    assert good["unknown"] == [spoken, formation.squadron_c.topic]


async def test_hello_and_receipts_name_topics_that_are_unknown(
    connect: Connect, volunteer: User, formation: Formation
) -> None:
    spoken = volunteer.volunteer.topic[:11] + " " + volunteer.volunteer.topic[11:]
    hidden = formation.squadron_c.topic
    socket = await connect(volunteer, cursors={volunteer.volunteer.topic: 0, spoken: 3, hidden: 1})

    await socket.send({"type": "receipt", "epoch": hub_of_process.epoch, "seen": {spoken: 3, hidden: 0}})

    assert socket.welcome["unknown"] == [spoken, hidden]  # type: ignore[attr-defined]
    assert await socket.receive() == {"type": "receipt.unknown", "topics": [spoken, hidden]}


async def test_hello_does_not_call_unknown_what_could_be_joined(
    connect: Connect, commander: User, formation: Formation
) -> None:
    socket = await connect(commander, cursors={formation.squadron_c.topic: 0, "task.1": 0, "map": 0})

    assert socket.welcome["unknown"] == ["task.1", "map"]  # type: ignore[attr-defined]


def test_receipts_that_waited_are_not_stored_in_another_epoch(volunteer: User) -> None:
    pending = receipts.pending_of(volunteer.volunteer.number, {"unit.1": 4}, {})
    before = epochs.current()
    now = begin_anew()

    receipts.store(pending, epoch=before, at=AT)
    stored = Receipt.objects.exists()
    receipts.store(pending, epoch=now, at=AT)

    assert (stored, Receipt.objects.exists()) == (False, True)


# --- processes that run meanwhile ---------------------------------------------------------------------------------


async def test_running_hubs_send_their_phones_away_when_another_epoch_begins(
    connect: Connect, volunteer: User, outsider: User, formation: Formation
) -> None:
    topic = formation.squadron_a.topic
    sockets = [await connect(user) for user in (volunteer, outsider)]
    now = await sync_to_async(begin_anew)()

    for socket in sockets:
        async with asyncio.timeout(SOON_S):
            while (frame := await socket.receive()).get("type") != "restarting":
                pass
        assert frame["retry_after_s"] < 2
        assert await socket.receive() == {"close": 1012}
    assert hub_of_process.epoch == now

    again = await connect(volunteer)
    await sync_to_async(publish)(topic)
    assert again.welcome["epoch"] == now  # type: ignore[attr-defined]
    assert (await again.event("sample.happened"))["seq"] == 1


async def test_a_hub_that_sees_a_head_go_back_begins_another_epoch_and_shouts(
    connect: Connect, volunteer: User, formation: Formation, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The tables were put back while this process ran, by whoever did not say so."""
    settings.MUSTER = replace(settings.MUSTER, heartbeat_s=1)
    topic = formation.squadron_a.topic
    await sync_to_async(publish)(topic, 5)
    socket = await connect(volunteer, cursors={topic: 5})
    before = hub_of_process.epoch

    await Topic.objects.filter(name=topic).aupdate(head=3)
    async with asyncio.timeout(SOON_S):
        while await socket.receive() != {"close": 1012}:
            pass

    again = await connect(volunteer, cursors={topic: 5})
    assert again.welcome["epoch"] == hub_of_process.epoch != before  # type: ignore[attr-defined]
    assert "PUT BACK" in caplog.text


async def test_a_topic_that_is_gone_has_gone_back_too(
    connect: Connect, volunteer: User, formation: Formation, settings: Any
) -> None:
    settings.MUSTER = replace(settings.MUSTER, heartbeat_s=1)
    topic = formation.squadron_a.topic
    await connect(volunteer)
    await sync_to_async(publish)(topic, 2)
    before = hub_of_process.epoch
    async with asyncio.timeout(SOON_S):
        while topic not in hub_of_process.topics or hub_of_process.topics[topic].head < 2:
            await asyncio.sleep(0.02)

    await sync_to_async(_forget)(topic)

    async with asyncio.timeout(SOON_S):
        while hub_of_process.epoch == before:
            await asyncio.sleep(0.05)


def _forget(topic: str) -> None:
    from backend.realtime.models import Event

    Event.objects.filter(topic_id=topic).delete()
    Topic.objects.filter(name=topic).delete()


async def test_a_hello_that_was_read_in_another_epoch_is_read_again(
    connect: Connect, volunteer: User, formation: Formation
) -> None:
    """The epoch begins between the read of the topics and the moment in which the socket joins them."""
    await connect(volunteer)
    acts: list[Callable[[], Any]] = [begin_anew]

    def then(principals: Any) -> list[list[str]]:
        if acts:
            acts.pop()()
        return [[] for _ in principals]

    registry.own_topics.append(then)
    try:
        socket = await connect(volunteer)
    finally:
        registry.own_topics.remove(then)

    assert socket.welcome["epoch"] == hub_of_process.epoch  # type: ignore[attr-defined]
    assert hub_of_process.epoch == await sync_to_async(epochs.current)()


async def test_messages_of_another_epoch_are_not_delivered() -> None:
    """A process that has not noticed yet, or one of another installation on the same Redis."""
    hub, phone = Hub(), Phone()
    hub.start()
    hub.adopt(await sync_to_async(epochs.current)())
    hub.add(phone.connection)
    hub.join(phone.connection, "sample.a", 0)
    data = SampleHappened(n=1).model_dump_json()
    ours = encode_event("sample.a", 1, "sample.happened", AT, data, None)
    theirs = encode_event("sample.a", 1, "sample.happened", AT, data, None)
    ours.epoch, theirs.epoch = hub.epoch, "another"

    carried = [bus.unpack(bus._packed(message)) for message in (theirs, ours)]
    hub.take(carried[:1])
    after_theirs = seqs(phone)
    hub.take(carried[1:])

    assert (after_theirs, seqs(phone)) == ([], [1])
    await hub.stop()
    await release_connections()


def test_no_epoch_is_made_for_a_database_that_is_being_restored() -> None:
    """A row of ours would collide with the one that the backup is about to bring."""
    Epoch.objects.all().delete()

    with pytest.raises(epochs.NoEpoch):
        epochs.current(check=True)
    with pytest.raises(epochs.NoEpoch):
        publish("sample.a")

    assert not Epoch.objects.exists()
    epochs.begin_first()
    assert epochs.current()


# --- acts that were meant in another ------------------------------------------------------------------------------


def test_queued_acts_of_another_epoch_end_nothing_that_has_their_number_now(
    formation: Formation, volunteer: User, commander: User, client_of: Callable[[User], Any]
) -> None:
    """A post was given after the backup, and its end queued; the restore gives its number to another."""
    client, wanted = (
        client_of(commander),
        {"volunteer": f"{volunteer.volunteer.number:08d}", "role": "dispatcher"},
    )
    address = f"/api/v1/units/{formation.squadron_a.number}/posts"
    done, post = str(uuid7()), client.post(address, wanted, format="json").json()["id"]

    def end(key: str | None, epoch: str) -> Any:
        headers = {"Muster-Epoch": epoch} | ({"Idempotency-Key": key} if key else {})
        return client.delete(f"/api/v1/posts/{post}", headers=headers)

    meant = epochs.current()
    now = begin_anew()
    refused = [end(key, meant) for key in (None, str(uuid7()))]
    ended, again = end(done, now), end(done, meant)

    assert [one.json()["type"] for one in refused] == ["/problems/epoch-over"] * 2
    assert {one.headers["Muster-Epoch"] for one in (*refused, ended, again)} == {now}
    assert [(one.status_code, one.headers.get("Idempotency-Replayed")) for one in (ended, again)] == [
        (204, None),
        (204, "true"),
    ]


def test_what_was_never_an_epoch_is_refused_and_nothing_is_done(
    volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = client_of(volunteer)

    refused = client.put("/api/v1/me/duty", {"on": False}, format="json", headers={"Muster-Epoch": "0" * 41})

    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (
        422,
        ["/Muster-Epoch"],
    )
    assert client.get("/api/v1/me").json()["duty"]["on"]


def test_queued_acts_of_another_epoch_that_make_sense_are_done_once(
    volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = client_of(volunteer)
    headers = {"Muster-Epoch": epochs.current(), "Idempotency-Key": str(uuid7())}
    begin_anew()

    answers = [client.put("/api/v1/me/duty", {"on": True}, format="json", headers=headers) for _ in range(2)]

    assert [(one.json()["on"], one.headers.get("Idempotency-Replayed")) for one in answers] == [
        (True, None),
        (True, "true"),
    ]
    assert Entry.objects.filter(act="duty.changed").count() == 1
