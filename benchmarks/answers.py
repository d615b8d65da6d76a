"""Thousands of phones accept one task within a second: the number of taken places, and the time of the last phone."""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.crowd import AT_ONCE, HANDSHAKE_S
from benchmarks.report import Report, quantile
from benchmarks.stage import (
    CLIENT_CORE,
    SERVER_CORE,
    WELCOME,
    hello,
    pinned,
    prepare,
    raise_open_files,
)
from simulator.processes import Server, free_port, read_procfile
from simulator.throwaway import PrivateRedis, postgres_database

WANTED_S = 3.0
CORES = 2
TIMEOUT_S = 60.0
CLOCK_S = 10.0
REPLY = b'{"reply":2,'
CALLED = b'"task.called"'
CHANGED = b'"assignment.changed"'


@dataclass
class Standing:
    """The progress of all phones together; `complete` is done when every phone has seen all that it waits for."""

    awaited: int
    seen: int = 0
    complete: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def note(self) -> None:
        """Note that one phone has seen one frame."""
        self.seen += 1
        if self.seen == self.awaited and not self.complete.done():
            self.complete.set_result(None)


class Phone(WSListener):
    """One phone: says hello, is called, accepts, and notes when its reply and its event have come."""

    def __init__(self, number: int, called: Standing, answered: Standing) -> None:
        self.hello = hello(number)
        self.called, self.answered = called, answered
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: WSTransport | None = None
        self.sent_ns = self.reply_ns = self.changed_ns = 0
        self.status = ""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say hello."""
        self.transport = transport
        transport.send(WSMsgType.TEXT, self.hello)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Note the frame; only the reply is decoded, and afterwards."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        content = frame.get_payload_as_bytes()
        if content.startswith(REPLY) and not self.reply_ns:
            self.reply_ns, self.status = time.monotonic_ns(), _status(content)
            self.answered.note()
        elif CHANGED in content and not self.changed_ns:
            self.changed_ns = time.monotonic_ns()
            self.answered.note()
        elif CALLED in content:
            self.called.note()
        elif content.startswith(WELCOME) and not self.welcomed.done():
            self.welcomed.set_result(None)

    def on_ws_disconnected(self, _: WSTransport) -> None:
        """Fail the connect, if it was not done."""
        self.transport = None
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError("closed before the welcome"))

    def accept(self, frame: bytes) -> None:
        """Send the answer."""
        self.sent_ns = time.monotonic_ns()
        if self.transport is not None:
            self.transport.send(WSMsgType.TEXT, frame)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=8_000, metavar="N", help="people who accept (8000)")
    parser.add_argument("--places", type=int, default=2_000, metavar="N", help="people who are needed (2000)")
    parser.add_argument("--within", type=float, default=1.0, metavar="S", help="time to send it all (1)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="`sockets` processes (2)")
    parser.add_argument(
        "--target",
        type=float,
        default=1.0,
        metavar="R",
        help=f"least share of {WANTED_S:g} s to stay under (1)",
    )


def run(options: argparse.Namespace) -> Report:
    """Call all people out, let them all accept, and count."""
    raise_open_files()
    os.sched_setaffinity(0, {CLIENT_CORE})
    bus = PrivateRedis.make(prefix=pinned(CLIENT_CORE))
    with postgres_database("bench") as database, tempfile.TemporaryDirectory() as logs, ExitStack() as ends:
        bus.start()
        ends.callback(bus.close)
        environment = {"DATABASE_URL": database, "REDIS_URL": bus.url, "SECRET_KEY": "bench-" + "k" * 40}
        tokens = prepare(environment, options.phones)
        ends.callback(_let_go)
        servers = [_server(n, environment, Path(logs)) for n in range(options.processes)]
        for server in [
            *servers,
            Server("clock", read_procfile()["clock"], 0, environment, Path(logs, "clock")),
        ]:
            ends.callback(server.stop)
            server.start()
        for server in servers:
            server.wait_until_healthy()
        return uvloop.run(_measure(options, servers, tokens))


def _server(n: int, environment: dict[str, str], logs: Path) -> Server:
    """Return one `sockets` process as the Procfile starts it: the first on the server's core, the next on the other."""
    command = f"{' '.join(pinned((SERVER_CORE + n) % CORES))} {read_procfile()['sockets']}"
    return Server(f"sockets-{n}", command, free_port(), environment, logs / f"sockets-{n}.log")


async def _measure(options: argparse.Namespace, servers: Sequence[Server], tokens: Sequence[str]) -> Report:
    from simulator.people import numbers_of

    called, answered = Standing(len(tokens)), Standing(2 * len(tokens))
    phones = [Phone(number, called, answered) for number in numbers_of(len(tokens))]
    began = time.monotonic()
    await _connect(phones, tokens, servers)
    print(f"  {len(phones)} connected, {len(phones) / (time.monotonic() - began):.0f}/s", flush=True)
    task = await asyncio.to_thread(_call_out, options.places)
    await asyncio.wait_for(called.complete, TIMEOUT_S)
    await asyncio.sleep(2)
    before = _cpu_s(servers)
    await _answer(phones, task, options.within)
    try:
        await asyncio.wait_for(answered.complete, TIMEOUT_S)
    except TimeoutError:
        print(f"  only {answered.seen} of {answered.awaited} replies and events came", flush=True)
    spent = _cpu_s(servers) - before
    stored = await asyncio.to_thread(_stored, task)
    for phone in phones:
        if phone.transport is not None:
            phone.transport.disconnect()
    return _report(options, phones, stored, spent)


async def _connect(phones: Sequence[Phone], tokens: Sequence[str], servers: Sequence[Server]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> None:
        headers = {"Authorization": f"Bearer {tokens[n]}", "Sec-WebSocket-Protocol": "muster.v1"}
        async with gate:
            await ws_connect(
                lambda: phones[n],
                servers[n % len(servers)].ws,
                extra_headers=headers,
                websocket_handshake_timeout=HANDSHAKE_S,
            )
            await asyncio.wait_for(phones[n].welcomed, HANDSHAKE_S)

    await asyncio.gather(*(one(n) for n in range(len(phones))))


async def _answer(phones: Sequence[Phone], task: str, within_s: float) -> None:
    """Let every phone accept, evenly over the given time; a late loop catches up at once."""
    from uuid6 import uuid7

    body = {"task": task, "answer": "accept", "eta_min": 10}
    frames = [
        json.dumps({"id": 2, "type": "assignment.answer", "key": str(uuid7()), "body": body}).encode()
        for _ in phones
    ]
    began = time.monotonic()
    for n, (phone, frame) in enumerate(zip(phones, frames, strict=True)):
        early = began + within_s * n / len(phones) - time.monotonic()
        if early > 0.001:
            await asyncio.sleep(early)
        elif n % 20 == 0:
            await asyncio.sleep(0)
        phone.accept(frame)


def _call_out(places: int) -> str:
    """Make a task for so many people and call all people out, in the name of the commander; return its id."""
    from uuid6 import uuid7

    from backend.accounts.models import User
    from backend.dispatch import services
    from backend.dispatch.schemas import CallOutIn, TaskIn
    from simulator.people import FIRST_NUMBER, UNIT

    at = datetime.now(UTC)
    commander = User.objects.get(volunteer__number=FIRST_NUMBER)
    wanted = TaskIn.model_validate(
        {
            "id": str(uuid7()),
            "unit": UNIT,
            "category": "environment",
            "title": "Flood on the Puyang river",
            "place": {"name": "School gate", "lon": 119.89, "lat": 29.45, "datum": "wgs84"},
            "starts_at": at + timedelta(hours=3),
            "answer_by": at + timedelta(hours=1),
            "headcount": places,
        }
    )
    task = services.create_task(wanted=wanted, by=commander, at=at)
    services.call_out(task_id=task.pk, wanted=CallOutIn(id=uuid7(), units=[UNIT]), by=commander, at=at)
    return str(task.pk)


def _stored(task: str) -> dict[str, int]:
    """Return the stored result: people by status, and the events that its issuers got.

    Waits until the clock has told them of the last answers.
    """
    from backend.dispatch.models import Assignment, Task
    from backend.realtime.models import Event

    until = time.monotonic() + CLOCK_S
    while Task.objects.filter(pk=task, progress_due_at__isnull=False).exists() and time.monotonic() < until:
        time.sleep(0.1)
    found = Counter(Assignment.objects.filter(task_id=task).values_list("status", flat=True))
    progressed = Event.objects.filter(topic_id=f"task.{task}", type="task.progressed").order_by("seq")
    told = [data["task"]["accepted"] for data in progressed.values_list("data", flat=True)]
    return {
        "accepted": found["accepted"],
        "reserve": found["reserve"],
        "counted": Task.objects.get(pk=task).accepted,
        "progress_events": len(told) - 1,  # the first one is the call-out's
        "leader_told": told[-1],
    }


def _let_go() -> None:
    from django.db import connections

    connections.close_all()


def _cpu_s(servers: Sequence[Server]) -> float:
    """Return the processor time that the servers have used."""
    ticks = 0
    for server in servers:
        assert server.process is not None
        words = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _status(reply: bytes) -> str:
    return str((json.loads(reply).get("result") or {}).get("status", "refused"))


def _report(
    options: argparse.Namespace, phones: Sequence[Phone], stored: dict[str, int], spent_s: float
) -> Report:
    first = min(phone.sent_ns for phone in phones)
    told = [max(phone.reply_ns, phone.changed_ns) for phone in phones if phone.reply_ns and phone.changed_ns]
    settled_s = (max(told) - first) / 1e9 if len(told) == len(phones) else TIMEOUT_S
    waits_ms = [(phone.reply_ns - phone.sent_ns) / 1e6 for phone in phones if phone.reply_ns] or [
        TIMEOUT_S * 1e3
    ]
    figures = {
        "phones": len(phones),
        "places": options.places,
        "processes": options.processes,
        "sent_within_s": round((max(phone.sent_ns for phone in phones) - first) / 1e9, 2),
        **stored,
        "replies": dict(Counter(phone.status for phone in phones)),
        "told": len(told),
        "settled_s": round(settled_s, 2),
        "reply_p50_ms": round(quantile(waits_ms, 0.5)),
        "reply_p99_ms": round(quantile(waits_ms, 0.99)),
        "server_us_per_answer": round(spent_s / len(phones) * 1e6),
    }
    wanted = min(options.places, len(phones))
    exact = {stored["accepted"], stored["counted"], stored["leader_told"]} == {wanted}
    return Report(
        name="answers",
        figures=figures,
        ratios={f"{WANTED_S:g} s": WANTED_S / settled_s if exact else 0.0},
        targets={f"{WANTED_S:g} s": options.target},
        lines=[f"{name:22} {value}" for name, value in figures.items()],
    )
