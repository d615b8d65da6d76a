"""Thousands of phones that reconnect at once: sign-in, hello, and the missed events."""

import argparse
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.volunteers.number_scheme import unit_number
from benchmarks.arrivals import Arrivals
from benchmarks.cost import Moment
from benchmarks.crowd import Opening
from benchmarks.peers.bare_asgi import start as bare_asgi
from benchmarks.peers.node_ws import start as node_ws
from benchmarks.report import Report, median
from benchmarks.stage import (
    CLIENT_CORE,
    SERVER_CORE,
    our_server,
    phones_of,
    pin_database,
    prepare,
    running,
    stage,
)
from simulator.processes import Server

LINE = (unit_number(), unit_number(7), unit_number(7, 26), unit_number(7, 26, 1))
"""Headquarters, corps, detachment, brigade: with the person's own topic that makes five."""
MISSED = 3
"""One event of the person, one of each of the two lowest units."""
HEAD = 4
WARM_UP = 40
REST_S = 0.5


@dataclass(frozen=True, slots=True)
class Portion:
    """Phones that connected together: how many succeeded, the time, and the cost on both sides."""

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
    """One server, its kind of client, and the portions of phones.

    Phones of our server stay connected. Those of a peer disconnect after each portion, because no machine lets one
    client hold three crowds.
    """

    name: str
    server: Server
    openings: list[Opening]
    missed: int = 0
    stay: bool = False
    portions: list[Portion] = field(default_factory=list)
    refused: int = 0

    def take(self, arrivals: Arrivals, portion: slice) -> Portion:
        """Connect some more phones."""
        before = Moment.now(self.server)
        arrived = arrivals.connect(self.server.ws, self.openings[portion], missed=self.missed)
        after = Moment.now(self.server)
        self.refused += arrived.refused
        if not self.stay:
            arrivals.leave(arrived)
        if not arrived.size:
            raise RuntimeError(f"{self.name} let nobody in: {arrived.why_refused}")
        return Portion(
            size=arrived.size,
            all_s=arrived.all_s,
            server_s=after.server_s - before.server_s,
            client_s=after.client_s - before.client_s,
            busy={core: after.busy_share(core, before) for core in (SERVER_CORE, CLIENT_CORE)},
        )

    def figures(self) -> dict[str, Any]:
        """Return the rate over all portions, the processor time of a phone, and the load of the two cores."""
        size, took = sum(p.size for p in self.portions), sum(p.all_s for p in self.portions)
        return {
            "phones": size,
            "refused": self.refused,
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
    """Connect portions of phones to us, to a bare ASGI echo and to Node's `ws` in turn, and compare each pair."""
    with stage() as place:
        tokens = prepare(place.environment, options.phones + WARM_UP, LINE)
        let_miss(options.phones + WARM_UP)
        behind = dict.fromkeys(LINE, HEAD) | dict.fromkeys(LINE[-2:], HEAD - 1)
        phones = phones_of(tokens, behind, person=HEAD - 1)
        nothing = [Opening()] * (options.phones + WARM_UP)
        sides = [
            Side("muster", our_server(place.environment, place.folder), phones, MISSED, stay=True),
            Side("bare_asgi", bare_asgi.server(place), nothing),
            Side("node_ws", node_ws.server(place), nothing),
        ]
        with running(*(side.server for side in sides)), closing(Arrivals()) as arrivals:
            for side in sides:
                side.take(arrivals, slice(WARM_UP))
            pins = pin_database(place.environment["DATABASE_URL"])
            measure(sides, arrivals, options)
            return report_of(sides, arrivals, pins=pins)


def measure(sides: list[Side], arrivals: Arrivals, options: argparse.Namespace) -> None:
    """Connect portions to all sides in turn, with a rest after each."""
    size = -(-options.phones // options.rounds)
    for first in range(WARM_UP, options.phones + WARM_UP, size):
        for side in sides:
            arrivals.rest(REST_S)
            came = side.take(arrivals, slice(first, first + size))
            side.portions.append(came)
            print(
                f"  {side.name:9} {came.size:5} came, {came.rate:6.0f} /s, "
                f"server {came.server_s / came.size * 1e6:5.0f} µs each",
                flush=True,
            )


def let_miss(phones: int) -> None:
    """Fill the log of all people's topics, as if it had all happened while their phones had no network."""
    from backend.realtime.models import Event, Topic
    from benchmarks.publisher import AT, BenchCalled, data_of
    from simulator.people import numbers_of

    persons = [f"person.{number:08d}" for number in numbers_of(phones)]
    long_ago = datetime.now(UTC) - timedelta(hours=1)  # the hubs read topics that moved lately
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


def report_of(sides: list[Side], arrivals: Arrivals, *, pins: bool) -> Report:
    """Compare the portions of both sides pair by pair."""
    ours, *peers = sides
    ratios = {
        peer.name: median([a.rate / b.rate for a, b in zip(ours.portions, peer.portions, strict=True)])
        for peer in peers
    }
    figures: dict[str, Any] = {side.name: side.figures() for side in sides}
    head = (
        f"{'':9} {'phones':>7} {'refused':>8} {'connects/s':>11} {'server µs':>10} {'client µs':>10} "
        f"{'server core':>12} {'client core':>12}"
    )
    lines = [
        f"{name:9} {f['phones']:>7} {f['refused']:>8} {f['connects_per_s']:>11} {f['server_us']:>10} "
        f"{f['client_us']:>10} {f['server_core_busy']:>12.0%} {f['client_core_busy']:>12.0%}"
        for name, f in figures.items()
    ]
    figures = {
        "connects_per_s": figures["muster"]["connects_per_s"],
        "closed": arrivals.closed,
        "database_pinned": pins,
        **figures,
    }
    return Report("connect", figures, ratios, versions=node_ws.versions(), lines=[head, *lines])
