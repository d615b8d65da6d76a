"""One call-out to thousands of phones: our sockets process against Channels as documented."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.crowd import Crowd, Opening
from benchmarks.report import Report, median, quantile
from benchmarks.stage import (
    SERVER_CORE,
    WELCOME,
    bearer,
    hello,
    our_server,
    pinned,
    prepare,
    stage,
    wait_for_port,
)
from simulator.processes import Server, free_port

TARGET = 12.0
ROUND_TIMEOUT_S = 60.0
REST_S = 0.4
EVENT = "bench.called"

Publish = Callable[[int], Awaitable[int]]
"""Sends event number n to everyone and returns when, on the monotonic clock in nanoseconds, it began."""


@dataclass(frozen=True, slots=True)
class Round:
    """One event: how many had it, how long until the last one did, and how long half and 99 % waited."""

    received: int
    all_s: float
    p50_s: float
    p99_s: float

    @property
    def rate(self) -> float:
        """Recipients a second, until the last has it."""
        return self.received / self.all_s


@dataclass
class Side:
    """One of the two servers with its sockets, and what was measured of it."""

    crowd: Crowd
    publish: Publish
    rounds: list[Round] = field(default_factory=list)

    async def play(self, number: int) -> Round:
        """Send one event and wait until every socket has it."""
        everyone = self.crowd.expect()
        began = await self.publish(number)
        try:
            await asyncio.wait_for(everyone, ROUND_TIMEOUT_S)
        except TimeoutError:
            print(
                f"  {self.crowd.name}: only {len(self.crowd.arrivals)} of {self.crowd.size} got event {number}"
            )
        waits = [(arrival - began) / 1e9 for arrival in self.crowd.arrivals] or [ROUND_TIMEOUT_S]
        complete = len(self.crowd.arrivals) >= self.crowd.size
        return Round(
            received=len(self.crowd.arrivals),
            all_s=max(waits) if complete else ROUND_TIMEOUT_S,
            p50_s=quantile(waits, 0.5),
            p99_s=quantile(waits, 0.99),
        )

    def figures(self) -> dict[str, Any]:
        """Return the medians over the rounds."""
        return {
            "phones": self.crowd.size,
            "refused": self.crowd.refused,
            "closed": self.crowd.closed,
            "connects_per_s": round(self.crowd.connect_rate),
            "rate_per_s": round(median([r.rate for r in self.rounds])),
            "p50_ms": round(median([r.p50_s for r in self.rounds]) * 1e3, 1),
            "p99_ms": round(median([r.p99_s for r in self.rounds]) * 1e3, 1),
            "all_ms": round(median([r.all_s for r in self.rounds]) * 1e3, 1),
            "frame_bytes": sorted(self.crowd.sizes),
            "incomplete_rounds": sum(r.received < self.crowd.size for r in self.rounds),
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=8_000, metavar="N", help="sockets on each side (8000)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="events counted on each side (7)")
    parser.add_argument("--target", type=float, default=TARGET, metavar="R", help=f"least ratio ({TARGET:g})")


def run(options: argparse.Namespace) -> Report:
    """Measure both sides in one run, event by event in turn, and compare each pair."""
    with stage() as place:
        return _compare(options, place.environment, place.folder)


def _compare(options: argparse.Namespace, environment: dict[str, str], logs: Path) -> Report:
    tokens = prepare(environment, options.phones)
    ours = our_server(environment, logs)
    peer = channels_server(environment, logs)
    try:
        for server in (ours, peer):
            server.start()
        ours.wait_until_healthy()
        wait_for_port(peer)
        sides = uvloop.run(_measure(options, ours, peer, tokens, environment["REDIS_URL"]))
    finally:
        ours.stop()
        peer.stop()
    return report_of(sides, options)


async def _measure(
    options: argparse.Namespace, ours: Server, peer: Server, tokens: list[str], redis_url: str
) -> tuple[Side, Side]:
    from simulator.people import numbers_of

    mark = json.dumps(EVENT).encode()
    muster = Side(Crowd("muster", ours.ws, mark), publish_to_log(options.phones))
    channels = Side(Crowd("channels", f"ws://127.0.0.1:{peer.port}/ws/", mark), publish_to_group(redis_url))
    numbers = numbers_of(len(tokens))
    phones = [Opening(bearer(t), hello(n), WELCOME) for n, t in zip(numbers, tokens, strict=True)]
    await _connect(muster, phones)
    await _connect(channels, [Opening() for _ in tokens])
    held = min(muster.crowd.size, channels.crowd.size)
    if held < len(tokens):
        print(f"  only {held} sockets are held by both; that is the number for both", flush=True)
        for side in (muster, channels):
            side.crowd.shrink(held)
    await asyncio.sleep(2)
    for number in range(1, options.rounds + 2):
        for side in (muster, channels):
            played = await side.play(number)
            if number > 1:  # the first warms both up
                side.rounds.append(played)
                print(
                    f"  {side.crowd.name:9} {played.rate:8.0f} /s  p99 {played.p99_s * 1e3:7.1f} ms",
                    flush=True,
                )
            await asyncio.sleep(REST_S)
    return muster, channels


async def _connect(side: Side, openings: list[Opening]) -> None:
    await side.crowd.connect(openings)
    crowd = side.crowd
    if not crowd.size:
        raise RuntimeError(f"{crowd.name} holds no socket: {crowd.why_refused}")
    print(
        f"  {crowd.name:9} {crowd.size} connected, {crowd.refused} refused, {crowd.connect_rate:.0f}/s",
        flush=True,
    )


def channels_server(environment: dict[str, str], logs: Path) -> Server:
    """Return daphne with the documented consumer, on the same core."""
    port = free_port()
    command = (*pinned(SERVER_CORE), "daphne", "-b", "127.0.0.1", "-p", str(port), "--verbosity", "0")
    settings = {**environment, "DJANGO_SETTINGS_MODULE": "benchmarks.peers.channels_documented.settings"}
    application = "benchmarks.peers.channels_documented.asgi:application"
    return Server("channels", (*command, application), port, settings, logs / "channels.log")


def publish_to_log(phones: int) -> Publish:
    """Return how an event enters our log: a transaction, its commit, then the bus. All of it counts."""
    from benchmarks.publisher import commit_event
    from simulator.people import UNIT, numbers_of

    numbers = numbers_of(phones)

    async def publish(number: int) -> int:
        began = time.monotonic_ns()
        await asyncio.to_thread(commit_event, f"unit.{UNIT}", number, numbers)
        return began

    return publish


def publish_to_group(redis_url: str) -> Publish:
    """Return how a message enters Channels: `group_send`."""
    from channels_redis.pubsub import RedisPubSubChannelLayer

    from benchmarks.publisher import event_text
    from simulator.people import UNIT

    layer = RedisPubSubChannelLayer(hosts=[redis_url])

    async def publish(number: int) -> int:
        text = event_text(f"unit.{UNIT}", number)
        began = time.monotonic_ns()
        await layer.group_send("bench", {"type": "event.push", "text": text})
        return began

    return publish


def report_of(sides: tuple[Side, Side], options: argparse.Namespace) -> Report:
    """Compare the rounds of both sides pair by pair."""
    muster, channels = sides
    assert muster.crowd.sizes == channels.crowd.sizes, "both sides must get the same bytes"
    pairs = zip(muster.rounds, channels.rounds, strict=True)
    ratio = median([ours.rate / theirs.rate for ours, theirs in pairs])
    figures = {side.crowd.name: side.figures() for side in sides}
    head = (
        f"{'':9} {'phones':>7} {'connects/s':>11} {'events/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'last ms':>8}"
    )
    lines = [
        f"{name:9} {f['phones']:>7} {f['connects_per_s']:>11} {f['rate_per_s']:>9} "
        f"{f['p50_ms']:>8} {f['p99_ms']:>8} {f['all_ms']:>8}"
        for name, f in figures.items()
    ]
    return Report(
        name="fanout",
        figures=figures,
        ratios={"channels": ratio},
        targets={"channels": options.target},
        lines=[head, *lines],
    )
