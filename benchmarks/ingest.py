"""Positions of thousands of phones: how many a process reads, how many are stored, and when a map shows them."""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.report import Report, median, quantile
from benchmarks.reporters import Headers, Reporters, position
from benchmarks.stage import (
    CLIENT_CORE,
    SERVER_CORE,
    hello,
    our_server,
    pinned,
    prepare,
    raise_open_files,
    wait_for_port,
)
from simulator.processes import Server, free_port
from simulator.throwaway import PrivateRedis, postgres_database

RATE = 5_109
TARGET = 4.0
BURST = 150
"""Frames that a phone sends at once: fewer than the server allows."""
PEER_BURST = 20
READERS = 300
SHOWN = 100
"""Phones in the watcher's view: a frame of the map has room for all of them."""
TICK_S = 0.01
BBOX = [119.0, 29.0, 119.1, 29.1]
PATIENCE_S = 30.0


@dataclass
class Watcher(WSListener):
    """A console with a small part of the map, which notes when each phone's fix (or a newer one) is shown."""

    shown: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def sent(self, number: int, at: str) -> None:
        """Note that a fix of a phone in view was sent now."""
        self.waiting.setdefault(f"{number:08d}", []).append((at, time.monotonic()))

    def on_ws_frame(self, _: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        content = frame.get_payload_as_bytes()
        if b'"map.people"' not in content:
            return
        arrived = time.monotonic()
        for number, person in json.loads(content)["people"].items():
            if person is not None:
                self._see(number, person["at"], arrived)

    def _see(self, number: str, at: str, arrived: float) -> None:
        left = []
        for moment, sent in self.waiting.get(number, ()):
            if moment <= at:
                self.waits.append(arrived - sent)
            else:
                left.append((moment, sent))
        self.waiting[number] = left

    @property
    def unseen(self) -> int:
        """The number of fixes that have not been shown."""
        return sum(len(left) for left in self.waiting.values())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=2_000, metavar="N", help="sockets that report (2000)")
    parser.add_argument("--rate", type=int, default=RATE, metavar="R", help=f"fixes a second ({RATE})")
    parser.add_argument("--seconds", type=int, default=60, metavar="S", help="how long they report (60)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="pairs of reading (5)")
    parser.add_argument("--target", type=float, default=TARGET, metavar="R", help=f"least ratio ({TARGET:g})")


def run(options: argparse.Namespace) -> Report:
    """Measure reading against Channels in turn, then storing."""
    raise_open_files()
    os.sched_setaffinity(0, {CLIENT_CORE})
    bus = PrivateRedis.make(prefix=pinned(CLIENT_CORE))
    with postgres_database("bench") as database, tempfile.TemporaryDirectory() as logs:
        bus.start()
        try:
            environment = {"DATABASE_URL": database, "REDIS_URL": bus.url, "SECRET_KEY": "bench-" + "k" * 40}
            tokens = prepare(environment, options.phones)
            return _report(options, uvloop.run(_measure(options, environment, tokens, Path(logs))))
        finally:
            bus.close()


def channels_server(environment: dict[str, str], logs: Path) -> Server:
    """Return the documented consumer on the same core and the same server as ours: uvicorn reads faster than daphne."""
    settings = {**environment, "DJANGO_SETTINGS_MODULE": "benchmarks.peers.channels_documented.settings"}
    port = free_port()
    command = (
        *pinned(SERVER_CORE),
        "uvicorn",
        "--port",
        str(port),
        "--loop",
        "uvloop",
        "--log-level",
        "warning",
    )
    application = "benchmarks.peers.channels_documented.positions:application"
    return Server("channels", (*command, application), port, settings, logs / "channels.log")


async def _measure(
    options: argparse.Namespace, environment: dict[str, str], tokens: list[str], logs: Path
) -> dict[str, Any]:
    ours, peer = our_server(environment, logs), channels_server(environment, logs)
    try:
        for server in (ours, peer):
            server.start()
        ours.wait_until_healthy()
        wait_for_port(peer)
        muster, watcher = await _connect(ours, tokens)
        channels = Reporters(f"ws://127.0.0.1:{peer.port}/ws/")
        await channels.connect([{}] * READERS, [None] * READERS)
        figures = await _read(muster, channels, options.rounds)
        peer.stop()
        return figures | await _store(options, muster, watcher)
    finally:
        ours.stop()
        peer.stop()


async def _connect(server: Server, tokens: list[str]) -> tuple[Reporters, Watcher]:
    """Connect every phone, and a second socket of the first, which commands the unit, as the watcher of the map."""
    from simulator.people import numbers_of

    bearers: list[Headers] = [
        {"Authorization": f"Bearer {token}", "Sec-WebSocket-Protocol": "muster.v1"} for token in tokens
    ]
    crowd, watcher = Reporters(server.ws), Watcher()
    hellos = [hello(number) for number in numbers_of(len(tokens))]
    await crowd.connect(bearers, hellos)
    transport, _ = await ws_connect(lambda: watcher, server.ws, extra_headers=bearers[0])
    transport.send(WSMsgType.TEXT, hellos[0])
    view = {"id": 2, "type": "map.view", "body": {"bbox": BBOX, "zoom": 14}}
    transport.send(WSMsgType.TEXT, json.dumps(view).encode())
    print(f"  {len(crowd.phones)} phones and a watcher connected", flush=True)
    return crowd, watcher


# --- reading ------------------------------------------------------------------------------------------------------


async def _read(muster: Reporters, channels: Reporters, rounds: int) -> dict[str, Any]:
    """Let both read bursts in turn; ours also stores them at the same time, and the peer does not."""
    rates: dict[str, list[float]] = {"muster": [], "channels": []}
    some = Reporters(muster.url, phones=muster.phones[:READERS])
    for phone in some.phones:
        phone.crowd = some
    for number in range(rounds + 1):
        for name, crowd, burst in (("muster", some, BURST), ("channels", channels, PEER_BURST)):
            rate = await _burst(crowd, burst, number)
            if number:  # the first warms both up
                rates[name].append(rate)
                print(f"  {name:9} reads {rate:8.0f} /s", flush=True)
        await _settle(some, len(some.phones) * BURST * (number + 1))
    for phone in some.phones:
        phone.crowd = muster
    ratios = [a / b for a, b in zip(rates["muster"], rates["channels"], strict=True)]
    return {
        "decoded_per_s": round(median(rates["muster"])),
        "channels_per_s": round(median(rates["channels"])),
        "ratio": median(ratios),
    }


async def _burst(crowd: Reporters, frames: int, number: int) -> float:
    """Send so many frames on each socket, then a ping, and return frames a second until every pong is here."""
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    ready = [
        position(number * frames + n, now + timedelta(milliseconds=n), 119.5, 29.5) for n in range(frames)
    ]
    everyone = crowd.expect_pongs()
    began = time.monotonic()
    for phone in crowd.phones:
        for frame in ready:
            phone.send(frame)
        phone.send(b'{"type":"ping"}')
        await asyncio.sleep(0)
    await asyncio.wait_for(everyone, PATIENCE_S)
    return frames * len(crowd.phones) / (time.monotonic() - began)


async def _settle(crowd: Reporters, wanted: int) -> None:
    """Wait until all fixes are stored, and the token bucket of each phone is full again."""
    await crowd.wait_until_stored(wanted, PATIENCE_S)
    await asyncio.sleep(BURST / 50)


# --- storing ------------------------------------------------------------------------------------------------------


async def _store(options: argparse.Namespace, crowd: Reporters, watcher: Watcher) -> dict[str, Any]:
    """Report at the given rate, wait for the last acknowledgement, and count the new rows of the table."""
    from simulator.people import FIRST_NUMBER

    before = await asyncio.to_thread(_rows)
    order = sorted(crowd.phones, key=lambda phone: phone.hello or b"")
    sent, began = 0, time.monotonic()
    while (elapsed := time.monotonic() - began) < options.seconds:
        while sent < elapsed * options.rate:
            index = sent % len(order)
            in_view = index < SHOWN
            lon = (119.01 if in_view else 120.0) + (sent % 1_000) / 1e5
            at = order[index].report(1_000_000 + sent, lon, 29.05)
            if in_view:
                watcher.sent(
                    FIRST_NUMBER + index, at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                )
            sent += 1
        await asyncio.sleep(TICK_S)
    await crowd.wait_until_stored(sent, PATIENCE_S)
    took = time.monotonic() - began
    await asyncio.sleep(3)  # for the last turns of the map
    rows = await asyncio.to_thread(_rows) - before
    return _figures(crowd, watcher, sent=sent, rows=rows, took=took)


def _figures(crowd: Reporters, watcher: Watcher, *, sent: int, rows: int, took: float) -> dict[str, Any]:
    return {
        "phones": len(crowd.phones),
        "closed": crowd.closed,
        "sent": sent,
        "acknowledged": crowd.stored,
        "refused": crowd.refused,
        "stored": rows,
        "lost": sent - rows,
        "stored_per_s": round(rows / took),
        "acknowledged_p50_s": round(quantile(crowd.waits, 0.5), 3),
        "acknowledged_p99_s": round(quantile(crowd.waits, 0.99), 3),
        "shown": len(watcher.waits),
        "not_shown": watcher.unseen,
        "visible_p50_s": round(quantile(watcher.waits, 0.5), 3),
        "visible_p99_s": round(quantile(watcher.waits, 0.99), 3),
    }


def _rows() -> int:
    from backend.tracking.models import Fix

    return Fix.objects.count()


def _report(options: argparse.Namespace, figures: dict[str, Any]) -> Report:
    ratio = figures.pop("ratio")
    lines = [
        f"read    {figures['decoded_per_s']:>7} frames/s, Channels {figures['channels_per_s']}",
        f"stored  {figures['stored_per_s']:>7} fixes/s for {options.seconds} s, lost {figures['lost']}",
        f"stored  {figures['acknowledged_p99_s']:>7} s p99 until acknowledged",
        f"visible {figures['visible_p99_s']:>7} s p99 on a watcher's map ({figures['shown']} fixes)",
    ]
    return Report(
        name="ingest",
        figures=figures,
        ratios={"channels": ratio},
        targets={"channels": options.target},
        lines=lines,
    )
