"""The live map: 150,000 people of whom 5,109 move a second, and the cost and traffic of consoles."""

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
import uvloop

from benchmarks.consoles import Console, Pinger, View, open_consoles, open_pinger
from benchmarks.cost import Moment, resident_bytes
from benchmarks.report import Report, median, quantile
from benchmarks.stage import bearer, hello, our_server, pin_database, prepare, running, stage
from benchmarks.walkers import SQUARE, SQUARE_PEOPLE, county_seats, populate, walker
from simulator.processes import Server

HEADQUARTERS = "0700000000"
MOST_KB, MOST_RATIO = 64.0, 2.0
SETTLE_S = 4.0
PROVINCE: View = ((118.0, 27.0, 123.0, 31.5), 7.5)
CROWDED: View = ((SQUARE[0] - 0.05, SQUARE[1] - 0.03, SQUARE[0] + 0.05, SQUARE[1] + 0.03), 14.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """One phase: the server's processor seconds a second, the consoles' bytes, and the delay of other sockets."""

    consoles: int
    cpu_s_per_s: float
    kb_per_s: float
    largest_frame: int
    frames_per_s: float
    delay_p50_ms: float | None
    delay_p99_ms: float | None
    pong_p50_ms: float
    pong_p99_ms: float
    pong_max_ms: float
    pong_max_while_opening_ms: float
    """While the consoles connected and the first of them had the whole province read."""
    moved_per_s: int


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--people", type=int, default=150_000, metavar="N", help="people on the map (150000)")
    parser.add_argument("--moving", type=int, default=5_109, metavar="N", help="of them move a second (5109)")
    parser.add_argument("--consoles", type=int, default=50, metavar="N", help="consoles (50)")
    parser.add_argument("--seconds", type=float, default=12.0, metavar="S", help="measured per phase (12)")
    parser.add_argument(
        "--most", type=float, default=MOST_RATIO, metavar="R", help=f"largest ratio ({MOST_RATIO:g})"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="pairs of one and many (3)")
    parser.add_argument(
        "--slack", type=float, default=1.0, metavar="X", help="how often 64 KB/s may be passed (1)"
    )


def run(options: argparse.Namespace) -> Report:
    """Measure no console, one and many equal ones in turn, many different ones, and one on a crowded square."""
    with stage() as place:
        tokens = prepare(place.environment, options.consoles + 1, [HEADQUARTERS])
        url = place.environment["DATABASE_URL"]
        populate(url, options.people, appoint_all())
        server = our_server(place.environment, place.folder)
        walkers = walker(url, people=options.people, moving=options.moving, folder=place.folder)
        walkers.start()
        try:
            with running(server):
                return uvloop.run(_Run(options, server, url, place.folder, tokens).measure())
        finally:
            walkers.kill()


def appoint_all() -> str:
    """Give all people who were made a commander's post over headquarters; return the scope that they then see."""
    from datetime import UTC, datetime

    from backend.volunteers.models import Post, Role, Unit, Volunteer

    unit = Unit.objects.get(number=HEADQUARTERS)
    for seat, volunteer in enumerate(Volunteer.objects.filter(posts=None).order_by("number"), 2):
        Post.objects.create(
            volunteer=volunteer, unit=unit, role=Role.COMMANDER, seat=seat, from_at=datetime.now(UTC)
        )
    return str(unit.path)


class _Run:
    def __init__(
        self, options: argparse.Namespace, server: Server, url: str, folder: Path, tokens: Sequence[str]
    ) -> None:
        from simulator.people import numbers_of

        self.options, self.server, self.url, self.folder = options, server, url, folder
        self.signed_in = [
            (bearer(token), hello(number, {HEADQUARTERS: 0}))
            for token, number in zip(tokens, numbers_of(len(tokens)), strict=True)
        ]

    async def measure(self) -> Report:
        headers, greeting = self.signed_in.pop()
        pinger = await open_pinger(self.server.ws, headers, greeting)
        pinging = asyncio.get_running_loop().create_task(pinger.run())
        many = self.options.consoles
        phases = {"none": [await self._phase("none", [], pinger)], "one": [], "equal": []}
        for _ in range(self.options.rounds):
            phases["one"].append(await self._phase("one", [PROVINCE], pinger))
            phases["equal"].append(await self._phase("equal", [PROVINCE] * many, pinger))
        memory = resident_bytes(self.server)
        phases["different"] = [await self._phase("different", different(many), pinger)]
        phases["crowded"] = [await self._crowded(pinger)]
        pinging.cancel()
        with suppress(asyncio.CancelledError):
            await pinging
        return report_of(phases, memory, most=self.options.most, slack=self.options.slack)

    async def _crowded(self, pinger: Pinger) -> Figures:
        """Move all people on one square every second, while the console shows it."""
        people = min(SQUARE_PEOPLE, self.options.people)
        also = walker(self.url, people=people, moving=people, folder=self.folder)
        also.start()
        try:
            return await self._phase("crowded", [CROWDED], pinger)
        finally:
            also.kill()

    async def _phase(self, name: str, views: Sequence[View], pinger: Pinger) -> Figures:
        consoles = await open_consoles(self.server.ws, self.signed_in, views)
        await asyncio.sleep(SETTLE_S)
        pin_database(self.url)
        opening_s, pinger.waits_s = pinger.waits_s, []
        for console in consoles:
            console.measured_from = time.time()
        before = Moment.now(self.server)
        await asyncio.sleep(self.options.seconds)
        after = Moment.now(self.server)
        moved = moved_since(self.url, after.at - before.at)
        figures = _figures(consoles, before, after, list(pinger.waits_s), opening_s, moved)
        sent = f"{figures.cpu_s_per_s:.3f} CPU s/s  {figures.kb_per_s:5.1f} KB/s"
        print(f"  {name:9} {sent}  {figures.moved_per_s} moved/s", flush=True)
        for console in consoles:
            assert console.transport is not None
            console.transport.disconnect()
        await asyncio.sleep(1.5)
        return figures


def different(count: int) -> list[View]:
    """Return views that all differ: half of them of counties, half of the streets of towns."""
    views: list[View] = []
    for n, (lon, lat) in enumerate(county_seats()[:count]):
        wide, zoom = (0.12, 13.0) if n % 2 else (0.6, 10.0 if n % 4 else 9.0)
        views.append(((lon - wide, lat - wide / 2, lon + wide, lat + wide / 2), zoom))
    return views


def moved_since(url: str, seconds: float) -> int:
    """Return how many people have moved in the last seconds: the walkers' actual rate, not the requested one."""
    count = "SELECT count(*) FROM tracking_latestposition WHERE received_at > clock_timestamp() - %s * interval '1 s'"
    with psycopg.connect(url) as connection:
        return int(connection.execute(count, [seconds]).fetchone()[0])  # type: ignore[index]


def _figures(
    consoles: Sequence[Console],
    before: Moment,
    after: Moment,
    waits_s: list[float],
    opening_s: list[float],
    moved: int,
) -> Figures:
    took = after.at - before.at
    delays = [delay for console in consoles for delay in console.delays_s]
    sizes = [size for console in consoles for _, size in console.frames]
    return Figures(
        consoles=len(consoles),
        cpu_s_per_s=round((after.server_s - before.server_s) / took, 4),
        kb_per_s=round(max((console.kb_per_s() for console in consoles), default=0.0), 1),
        largest_frame=max(sizes, default=0),
        frames_per_s=round(len(sizes) / max(1, len(consoles)) / took, 2),
        delay_p50_ms=round(quantile(delays, 0.5) * 1e3) if delays else None,
        delay_p99_ms=round(quantile(delays, 0.99) * 1e3) if delays else None,
        pong_p50_ms=round(quantile(waits_s, 0.5) * 1e3, 2),
        pong_p99_ms=round(quantile(waits_s, 0.99) * 1e3, 2),
        pong_max_ms=round(max(waits_s) * 1e3, 2),
        pong_max_while_opening_ms=round(max(opening_s) * 1e3, 2),
        moved_per_s=round(moved / took),
    )


def report_of(phases: dict[str, list[Figures]], memory: int, *, most: float, slack: float) -> Report:
    """Compare many equal consoles with one, pair by pair; the idle cost of the process is not subtracted."""
    idle = phases["none"][0].cpu_s_per_s
    pairs = [
        (one.cpu_s_per_s, many.cpu_s_per_s) for one, many in zip(phases["one"], phases["equal"], strict=True)
    ]
    every = [figures for found in phases.values() for figures in found]
    figures: dict[str, Any] = {name: [asdict(one) for one in found] for name, found in phases.items()}
    figures["console_kb_per_s"] = max(one.kb_per_s for one in every)
    figures["largest_frame_bytes"] = max(one.largest_frame for one in every)
    figures["beyond_idle_50_to_1"] = round(
        median([(many - idle) / max(one - idle, 0.001) for one, many in pairs]), 2
    )
    figures["server_mib"] = round(memory / 2**20)
    lines = [
        f"{'':10} {'consoles':>8} {'CPU s/s':>8} {'KB/s':>6} {'delay ms':>13} {'pong ms p50/p99/max':>21}"
    ]
    lines += [_line(name, one) for name, found in phases.items() for one in found]
    return Report(
        name="map",
        figures=figures,
        ratios={
            "consoles_50_to_1": median([many / one for one, many in pairs]),
            "console_kb_to_64": figures["console_kb_per_s"] / MOST_KB,
        },
        limits={"consoles_50_to_1": most, "console_kb_to_64": slack},
        lines=lines,
    )


def _line(name: str, one: Figures) -> str:
    delay = f"{one.delay_p50_ms} / {one.delay_p99_ms}" if one.delay_p50_ms is not None else ""
    pong = f"{one.pong_p50_ms} / {one.pong_p99_ms} / {one.pong_max_ms}"
    return f"{name:10} {one.consoles:>8} {one.cpu_s_per_s:>8.3f} {one.kb_per_s:>6.1f} {delay:>13} {pong:>21}"
