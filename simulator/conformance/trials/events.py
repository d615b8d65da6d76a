"""Trials of what is told: an order and its receipts, events twice, gaps, snapshots, and what a phone does not know."""

import asyncio
from typing import Any

from simulator.conformance.checks import is_welcome, named_cursors
from simulator.conformance.scene import Call, Complaint, Scene, covers, is_call
from simulator.conformance.sockets import LOST, Socket
from simulator.conformance.trace import Answered, Closed, Frame, Kept, Seen, Told
from simulator.conformance.trials.base import accepts, takes_act, trial, wrong

CURSORS = "frames.md#numbers-cursors-snapshots"
RECEIPTS = "frames.md#receipts"
TO_STORE_S = 2
"""A phone may take so long to keep what it was told before its line breaks."""
LOOKS_FOR_S = 15


@trial(
    "order",
    does="lets a leader's order come, and the answer go",
    must="sends `delivered` within a second, `seen` when the order is on the screen, and the answer with its key",
    rule=RECEIPTS,
)
async def order_and_answer(scene: Scene) -> None:
    order, told = await scene.ordered()
    await scene.receipted(told, scene.since)
    await accepts(scene, order)
    await scene.is_done_and_stands(order)
    await _seen(scene, told)


@trial(
    "locked",
    does="lets an order come while the phone is locked; later the person opens it",
    must="sends `delivered` at once, `seen` only when the order is on the screen",
    rule="offline.md#receipts",
)
async def locked(scene: Scene) -> None:
    await scene.is_in()
    await scene.wish("leave")
    await scene.hands.settled()
    order, told = await scene.ordered()
    topic, seq = told.topic, told.seq
    await scene.receipted(told, scene.since)
    early: Complaint = "seen-too-early", "`seen` was sent although the order has not been on the screen."
    await scene.never(
        Seen, lambda entry: covers(entry, "seen", topic, seq), early, since=scene.since, within=3
    )
    await scene.wish("look", order)
    await _seen(scene, told)


async def _seen(scene: Scene, told: Call) -> None:
    topic, seq = told.topic, told.seq
    await scene.must(
        Seen,
        lambda entry: covers(entry, "seen", topic, seq),
        ("seen-missing", "`seen` was not sent although the order is on the screen."),
        since=scene.since,
        within=5,
    )


@trial(
    "twice",
    does="sends every event twice, and an older one behind it",
    must="drops what is not above its cursor: it goes not back, and nothing is done twice",
    rule=CURSORS,
)
async def twice(scene: Scene) -> None:
    await scene.ordered()
    older = {
        entry.frame["topic"]: entry.frame for entry in scene.proxy.trace.all(Told) if "seq" in entry.frame
    }

    def down(_: Socket, frame: Frame) -> list[Frame] | None:
        if (
            frame.get("type") == "heartbeat"
        ):  # by its numbers a phone would see at once that it went back, and mend it
            return [{**frame, "heads": {}, "through": {}}]
        if "seq" not in frame:
            return None
        before = older.get(frame["topic"])
        return [frame, frame, before] if before else [frame, frame]

    scene.mischief.down = down
    order, first = await scene.ordered()
    await scene.receipted(first, scene.since)
    await accepts(scene, order)
    await scene.is_done(order)
    topic, seq = first.topic, 0
    while (highest := _highest_told(scene, topic)) > seq:
        seq = highest
        await asyncio.sleep(TO_STORE_S)
    since = scene.mark
    scene.fair()
    scene.proxy.close_all(LOST)
    hello = await scene.hello(since)
    cursor = hello.frame.get("cursors", {}).get(topic)
    if not isinstance(cursor, int) or cursor < seq:
        text = (
            f"The cursor of {topic} is {cursor} after number {seq}: an event that came again has set it back."
        )
        raise wrong("went-back", text, CURSORS, hello)
    await scene.stands(order)


def _highest_told(scene: Scene, topic: str) -> int:
    """Return the highest number that the phone was told on a topic in this trial."""
    frames = (entry.frame for entry in scene.proxy.trace.entries[scene.since :] if isinstance(entry, Told))
    return max(int(frame["seq"]) for frame in frames if frame.get("topic") == topic and "seq" in frame)


@trial(
    "gap",
    does="leaves out an order; the next heartbeat names a number above the cursor",
    must="connects again or asks `POST /catch-up`, with its cursor below the gap, and receipts what comes then",
    rule=CURSORS,
)
async def gap(scene: Scene) -> None:
    await scene.is_in()
    lost: list[Frame] = []

    def down(_: Socket, frame: Frame) -> list[Frame] | None:
        if frame.get("type") != "task.called" or lost:
            return None
        lost.append(frame)
        return []

    scene.mischief.down = down
    order = await scene.call_out()
    kept = await scene.sees(
        Kept, lambda kept: is_call(kept.frame, order), "no order came to be left out", within=10
    )
    topic, seq = kept.frame["topic"], kept.frame["seq"]
    since = scene.after(kept)
    fault: Complaint = (
        "gap",
        f"The phone has not asked for number {seq} of {topic}, which heartbeats say it lacks.",
    )
    await scene.must(
        Seen,
        lambda entry: _asks_for(entry, topic, seq),
        fault,
        since=since,
        within=3 * _heartbeat_s(scene) + LOOKS_FOR_S,
    )
    missing: Complaint = (
        "receipt-missing",
        f"No receipt said that number {seq} of {topic} was delivered in the end.",
    )
    await scene.must(
        Seen,
        lambda entry: covers(entry, "delivered", topic, seq),
        missing,
        since=since,
        within=LOOKS_FOR_S,
        rule=RECEIPTS,
    )
    await accepts(scene, order)
    await scene.is_done_and_stands(order)


@trial(
    "hole",
    does="leaves out an event of the person's own topic, and lets the next one through",
    must="sees that a number is missing, and asks with a cursor below it or without that topic",
    rule=CURSORS,
)
async def hole(scene: Scene) -> None:
    before, _ = await scene.ordered()
    lost: list[Frame] = []

    def down(_: Socket, frame: Frame) -> list[Frame] | None:
        is_own = str(frame.get("topic", "")).startswith("person.") and "seq" in frame
        if is_own and not lost:
            lost.append(frame)
            return []
        return [] if frame.get("type") == "heartbeat" else None

    scene.mischief.down = down
    await accepts(scene, before)
    kept = await scene.sees(Kept, lambda kept: kept.frame in lost, "no event came to be left out", within=10)
    topic, seq = kept.frame["topic"], kept.frame["seq"]
    since = scene.after(kept)
    order, _ = await scene.ordered()
    await accepts(scene, order)
    await scene.sees(
        Told,
        lambda told: told.frame.get("topic") == topic and told.frame.get("seq", 0) > seq,
        "no event came behind the one that was left out",
        since=since,
        within=10,
    )
    asked = await scene.may(Seen, lambda entry: _asks_for(entry, topic, seq), since=since, within=5)
    scene.fair()
    if asked is None:  # it may wait for its next connection
        scene.proxy.close_all(LOST)
        fault: Complaint = "hole", f"The phone goes on although number {seq} of {topic} has not come."
        await scene.must(
            Seen, lambda entry: _asks_for(entry, topic, seq), fault, since=since, within=LOOKS_FOR_S
        )
    await scene.stands(before)
    await scene.stands(order)


@trial(
    "snapshot",
    does="answers hello by snapshots, the unit's with a lower `head`, breaks the line, and sends the event again",
    must="sets its cursor to `head` though that is lower; the event that comes again changes nothing",
    rule=CURSORS,
)
async def snapshot(scene: Scene) -> None:
    order, told = await scene.ordered()
    await scene.receipted(told, scene.since)
    topic = told.topic
    heads: list[int] = []

    def up(_: Socket, frame: Frame) -> list[Frame] | None:
        return [{**frame, "cursors": {}}] if frame.get("type") == "hello" else None

    def down(_: Socket, frame: Frame) -> list[Frame] | None:
        result = frame.get("result")
        if not isinstance(result, dict) or "topics" not in result:
            return [] if "reply" not in frame else None
        result["topics"][topic]["head"] -= 1
        heads.append(result["topics"][topic]["head"])
        return [frame]

    scene.mischief.up, scene.mischief.down = up, down
    since = scene.mark
    scene.proxy.close_all(LOST)
    await scene.comes_back(since)
    await asyncio.sleep(TO_STORE_S)
    scene.fair()
    since = scene.mark
    scene.proxy.close_all(LOST)
    hello = await scene.hello(since)
    cursor = hello.frame.get("cursors", {}).get(topic)
    if cursor != heads[0]:
        text = f"The snapshot of {topic} has head {heads[0]}; the phone's cursor is {cursor}."
        raise wrong("snapshot", text, CURSORS, hello)
    again = await scene.is_called(order, since)
    await scene.receipted(again, since)
    await accepts(scene, order)
    await scene.is_done_and_stands(order)


@trial(
    "revoked",
    does="says that the phone may not see its unit's topic any more, then breaks the line",
    must="forgets the topic with its cursor: the next hello does not name it",
    rule="frames.md#what-the-server-tells",
)
async def revoked(scene: Scene) -> None:
    _, told = await scene.ordered()
    socket, topic = await scene.is_in(), told.topic
    await scene.receipted(told, scene.since)
    scene.mischief.down = lambda _, frame: [] if frame.get("topic") == topic else None
    socket.tell({"type": "topic.revoked", "topic": topic})
    await asyncio.sleep(TO_STORE_S)
    scene.fair()
    since = scene.mark
    scene.proxy.close_all(LOST)
    hello = await scene.hello(since)
    if topic in hello.frame.get("cursors", {}):
        text = f"{topic} was revoked, and hello names it all the same."
        raise wrong("revoked", text, "frames.md#what-the-server-tells", hello)
    await scene.comes_back(since)


@trial(
    "unknown",
    does="sends frames of an unknown type, and puts unknown fields into all others",
    must="ignores what it does not know, and goes on",
    rule="frames.md",
)
async def unknown(scene: Scene) -> None:
    socket = await scene.is_in()
    scene.mischief.down = lambda _, frame: [_with_more(frame)]
    socket.tell({"type": "weather.changed", "wind_mps": 7, "gusts": [9, 11]})
    order, told = await scene.ordered()
    await scene.receipted(told, scene.since)
    await accepts(scene, order)
    await scene.is_done_and_stands(order)
    left = [entry for entry in scene.proxy.trace.all(Closed, since=scene.since) if entry.by == "phone"]
    if left:
        raise wrong("unknown", "The phone left its socket at what it does not know.", "frames.md", left[0])


@trial(
    "put-back",
    does="takes an answer on its way, and lets the log be another one, as after a backup was put back",
    must="takes the snapshots, names the new epoch from then on, and sends the answer with the same key",
    rule=CURSORS,
)
async def put_back(scene: Scene) -> None:
    order, _ = await scene.ordered()
    takes_act(scene, order)
    first = await accepts(scene, order)
    scene.proxy.disguise.put_back()
    since = scene.after(first)
    await scene.acts_again(first, since)
    await scene.is_done(order)
    welcome = next(scene.proxy.trace.all(Told, is_welcome, since=since), None)
    caught_up = scene.proxy.trace.all(Answered, lambda each: _names_epoch(each.body), since=since)
    if welcome is None and not list(caught_up):
        await scene.comes_back(since)
    await asyncio.sleep(TO_STORE_S)
    since = scene.mark
    scene.proxy.close_all(LOST)
    hello = await scene.hello(since)
    told = [each.frame["result"]["epoch"] for each in scene.proxy.trace.all(Told, is_welcome)][-1]
    if hello.frame.get("epoch") != told:
        raise wrong("epoch", f"hello does not name the epoch {told} of the last reply.", CURSORS, hello)
    await scene.comes_back(since)
    await scene.stands(order)


def _names_epoch(body: Any) -> bool:
    return isinstance(body, dict) and "epoch" in body and "topics" in body


def _asks_for(entry: Seen, topic: str, seq: int) -> bool:
    """Tell whether a phone asks by hello or catch-up for what stands below a number, or for the whole topic."""
    return any(cursors.get(topic, 0) < seq for _, cursors in named_cursors(entry))


def _heartbeat_s(scene: Scene) -> float:
    """Return the seconds between two heartbeats, as the phone was told."""
    told = [each.frame["result"]["heartbeat_s"] for each in scene.proxy.trace.all(Told, is_welcome)]
    return float(told[-1])


def _with_more(frame: Frame) -> Frame:
    more = {**frame, "weather": {"wind_mps": 7}}
    if isinstance(frame.get("data"), dict):
        more["data"] = {**frame["data"], "colour": "red"}
    return more


TRIALS = (order_and_answer, locked, twice, gap, hole, snapshot, revoked, unknown, put_back)
