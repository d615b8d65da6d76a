"""Thousands of phones that come back at once: sign-in, hello, and what they missed."""

import argparse
import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop

from benchmarks.cost import Moment
from benchmarks.crowd import Crowd, Opening
from benchmarks.peers import bare_asgi, node_ws
from benchmarks.report import Report, median
from benchmarks.stage import (
    CLIENT_CORE,
    SERVER_CORE,
    WELCOME,
    bearer,
    hello,
    our_server,
    pin_database,
    prepare,
    running,
    stage,
)
from simulator.processes import Server

LINE = ("0700000000", "0726000000", "0726010000", "0726010100")
"""Headquarters, corps, detachment, brigade: with one's person that makes five topics."""
MISSED = 3
HEAD = 4
WARM_UP = 40
REST_S = 0.5


@dataclass(frozen=True, slots=True)
class Portion:
    """Phones that came together: how many got in, how long it took, and what it cost both sides."""

    size: int
    all_s: float
    server_s: float
    client_s: float
    busy: dict[int, float]

    @property
    def rate(self) -> float:
        """Phones a second."""
        return self.size / self.all_s


@dataclass
class Side:
    """One server, its sockets, and the portions in which they came."""

    server: Server
    crowd: Crowd
    portions: list[Portion] = field(default_factory=list)

    async def take(self, openings: list[Opening]) -> Portion:
        """Let some more phones come."""
        held, before = self.crowd.size, Moment.now(self.server)
        took = await self.crowd.connect(openings)
        after = Moment.now(self.server)
        if self.crowd.size == held:
            raise RuntimeError(f"{self.crowd.name} let nobody in: {self.crowd.why_refused}")
        return Portion(
            size=self.crowd.size - held,
            all_s=took,
            server_s=after.server_s - before.server_s,
            client_s=after.client_s - before.client_s,
            busy={core: after.busy_share(core, before) for core in (SERVER_CORE, CLIENT_CORE)},
        )

    def figures(self) -> dict[str, Any]:
        """Return the rate over all portions, the processor time of a phone, and how busy the two cores were."""
        size, took = sum(p.size for p in self.portions), sum(p.all_s for p in self.portions)
        return {
            "phones": size,
            "refused": self.crowd.refused,
            "closed": self.crowd.closed,
            "connects_per_s": round(size / took),
            "server_us": round(sum(p.server_s for p in self.portions) / size * 1e6),
            "client_us": round(sum(p.client_s for p in self.portions) / size * 1e6),
            "server_core_busy": round(sum(p.busy[SERVER_CORE] * p.all_s for p in self.portions) / took, 2),
            "client_core_busy": round(sum(p.busy[CLIENT_CORE] * p.all_s for p in self.portions) / took, 2),
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=8_000, metavar="N", help="phones on each side (8000)")
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="portions in which they come (8)")


def run(options: argparse.Namespace) -> Report:
    """Let portions of phones come to us, to a bare ASGI echo and to Node's `ws` in turn, and compare each pair."""
    with stage() as place:
        tokens = prepare(place.environment, options.phones + WARM_UP, LINE)
        let_miss(options.phones + WARM_UP)
        servers = (
            our_server(place.environment, place.folder),
            bare_asgi.server(place),
            node_ws.server(place),
        )
        with running(*servers):
            sides = [
                Side(server, Crowd(name, server.ws, b'{"topic":'))
                for name, server in zip(("muster", "bare_asgi", "node_ws"), servers, strict=True)
            ]
            pins = uvloop.run(_measure(sides, openings_of(tokens), options.rounds, place.environment))
        return report_of(sides, pins=pins)


async def _measure(sides: list[Side], ours: list[Opening], rounds: int, environment: dict[str, str]) -> bool:
    warm, ours = ours[:WARM_UP], ours[WARM_UP:]
    for side in sides:
        await side.take(warm if side is sides[0] else [Opening() for _ in warm])
    pins = pin_database(environment["DATABASE_URL"])
    await asyncio.sleep(1)
    size = -(-len(ours) // rounds)
    for first in range(0, len(ours), size):
        portion = ours[first : first + size]
        for side in sides:
            came = await side.take(portion if side is sides[0] else [Opening() for _ in portion])
            side.portions.append(came)
            print(
                f"  {side.crowd.name:9} {came.size:5} came, {came.rate:6.0f} /s, "
                f"server {came.server_s / came.size * 1e6:5.0f} µs each",
                flush=True,
            )
            await asyncio.sleep(REST_S)
    return pins


def openings_of(tokens: list[str]) -> list[Opening]:
    """Return how each phone comes back: one event behind in three of its five topics."""
    from simulator.people import numbers_of

    units = dict.fromkeys(LINE, HEAD) | dict.fromkeys(LINE[-2:], HEAD - 1)
    return [
        Opening(bearer(token), hello(number, units, person=HEAD - 1), WELCOME, MISSED)
        for number, token in zip(numbers_of(len(tokens)), tokens, strict=True)
    ]


def let_miss(phones: int) -> None:
    """Fill the log of everybody's topics, as if it had all happened while their phones had no network."""
    from backend.realtime.models import Event, Topic
    from benchmarks.publisher import AT, BenchCalled, data_of
    from simulator.people import numbers_of

    persons = [f"person.{number:08d}" for number in numbers_of(phones)]
    long_ago = datetime.now(UTC) - timedelta(hours=1)  # the hubs look at what moved lately
    names = [*persons, *(f"unit.{unit}" for unit in LINE)]
    Topic.objects.bulk_create(
        [Topic(name=name, head=HEAD, moved_at=long_ago) for name in names], batch_size=2_000
    )
    Event.objects.bulk_create(
        [
            Event(topic_id=name, seq=seq, type=BenchCalled.event_type, data=data_of(name, seq), at=AT)
            for name in names
            for seq in range(1, HEAD + 1)
        ],
        batch_size=2_000,
    )


def report_of(sides: list[Side], *, pins: bool) -> Report:
    """Compare the portions of both sides pair by pair."""
    ours, *peers = sides
    ratios = {
        peer.crowd.name: median([a.rate / b.rate for a, b in zip(ours.portions, peer.portions, strict=True)])
        for peer in peers
    }
    figures: dict[str, Any] = {side.crowd.name: side.figures() for side in sides}
    head = (
        f"{'':9} {'phones':>7} {'refused':>8} {'connects/s':>11} {'server µs':>10} {'client µs':>10} "
        f"{'server core':>12} {'client core':>12}"
    )
    lines = [
        f"{name:9} {f['phones']:>7} {f['refused']:>8} {f['connects_per_s']:>11} {f['server_us']:>10} "
        f"{f['client_us']:>10} {f['server_core_busy']:>12.0%} {f['client_core_busy']:>12.0%}"
        for name, f in figures.items()
    ]
    figures = {"connects_per_s": figures["muster"]["connects_per_s"], "database_pinned": pins, **figures}
    return Report("connect", figures, ratios, {}, [head, *lines])
