"""Trials of lines that are silent or slow, and of positions whose receipt is lost."""

import asyncio

from simulator.conformance.checks import is_welcome
from simulator.conformance.http import BREAK
from simulator.conformance.scene import COMES_BACK_S, Complaint, Scene
from simulator.conformance.sockets import LOST, Socket
from simulator.conformance.trace import Closed, Frame, Kept, Sent, Told
from simulator.conformance.trials.base import trial

SLOW_S = 17
REFUSED_S = 12


@trial(
    "silence",
    does="lets nothing through in either direction, while the connection stays open",
    must="takes the line for dead after twice `heartbeat_s` and 5 s, drops it and connects again",
    rule="connecting.md#while-it-is-open",
)
async def silence(scene: Scene) -> None:
    socket = await scene.is_in()
    told = [each.frame["result"]["heartbeat_s"] for each in scene.proxy.trace.all(Told, is_welcome)][-1]

    def on_this(on: Socket, _: Frame) -> list[Frame] | None:
        return [] if on is socket else None

    scene.mischief.down = scene.mischief.up = on_this
    since = scene.mark
    limit = 2 * told + 5
    fault: Complaint = "silence", f"The phone keeps a socket on which nothing has come for {limit} s."
    await scene.must(
        Closed,
        lambda closed: closed.by == "phone" and closed.socket == socket.number,
        fault,
        since=since,
        within=limit * 1.2,
    )
    await scene.comes_back(since)


@trial(
    "slow-hello",
    does=f"breaks the line, and answers the next hello only after {SLOW_S} s, as a server that has just started",
    must="waits for the reply to hello: 20 s",
    rule="connecting.md#time-limits",
)
async def slow_hello(scene: Scene) -> None:
    await scene.is_in()
    slow: list[Socket] = []

    def down(socket: Socket, frame: Frame) -> list[Frame] | None:
        if slow and socket is not slow[0]:
            return None
        slow.append(socket)
        asyncio.get_running_loop().call_later(SLOW_S / scene.pace, socket.tell, frame)
        return []

    scene.mischief.down = down
    since = scene.mark
    scene.proxy.close_all(LOST)
    hello = await scene.hello(since)
    await scene.never(
        Closed,
        lambda closed: closed.socket == hello.socket and closed.by == "phone",
        (
            "impatient",
            f"The phone leaves its socket before the reply to hello came, in less than {SLOW_S} s.",
        ),
        since=since,
        within=SLOW_S,
    )
    scene.fair()
    await scene.comes_back(since)


@trial(
    "refused",
    does=f"breaks the line and refuses every connection for {REFUSED_S} s",
    must="tries again after 0.5 to 1 s, 1 to 2 s, 2 to 4 s … and begins again at 1 s only after a reply to hello",
    rule="close_codes.md",
)
async def refused(scene: Scene) -> None:
    await scene.is_in()
    since = scene.mark
    scene.mischief.request = lambda _: BREAK
    scene.proxy.close_all(LOST)
    await scene.passes(REFUSED_S)
    scene.fair()
    await scene.comes_back(since)


@trial(
    "positions",
    does="stores a frame of positions, loses `stored` and breaks the line",
    must="sends the same positions again after the next hello",
    rule="offline.md#positions",
)
async def positions(scene: Scene) -> None:
    await scene.is_in()
    lost: list[Frame] = []

    def down(socket: Socket, frame: Frame) -> list[Frame] | None:
        if frame.get("type") != "stored" or lost:
            return None
        lost.append(frame)
        socket.close(LOST)
        return []

    scene.mischief.down = down
    kept = await scene.sees(Kept, lambda kept: kept.frame in lost, "no position was sent", within=60)
    measured = _times(_positions(scene, kept))
    fault: Complaint = "lost-positions", "Positions for which no `stored` came are not sent again."
    await scene.must(
        Sent,
        lambda again: measured <= _times(again.frame),
        fault,
        since=scene.after(kept),
        within=COMES_BACK_S,
    )


def _positions(scene: Scene, stored: Kept) -> Frame:
    """Return the frame of positions that was stored."""
    sent = scene.proxy.trace.all(Sent, lambda sent: sent.socket == stored.socket)
    return next(each.frame for each in sent if each.frame.get("n") == stored.frame["positions"])


def _times(frame: Frame) -> set[str]:
    fixes = frame.get("fixes") if frame.get("type") == "position" else None
    return {str(fix.get("at")) for fix in fixes} if isinstance(fixes, list) else set()


TRIALS = (silence, slow_hello, refused, positions)
