"""One call-out to thousands of phones: against nchan, NATS and Channels as documented, and from the request on."""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvloop

from benchmarks.call_out import CallOuts, EndToEnd, end_to_end
from benchmarks.crowd import Crowd, Opening
from benchmarks.peers.channels_documented import start as channels
from benchmarks.peers.nats import start as nats
from benchmarks.peers.nchan import start as nchan
from benchmarks.report import Report, median
from benchmarks.rounds import Publish, Round, Side, ratio_of, take_turns
from benchmarks.stage import Stage, our_server, phones_of, pin_database, prepare, running, stage
from simulator.processes import Server

EVENT = "bench.called"
SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Servers:
    """Every server of the run."""

    sockets: Server
    web: Server
    nchan: Server
    nats: nats.NatsServer
    channels: Server


@dataclass(frozen=True, slots=True)
class Outcome:
    """The sides, and the rounds of each; Channels is compared with rounds of ours that were played beside its own."""

    sides: dict[str, Side]
    rounds: dict[str, list[Round]]
    beside_channels: list[Round]
    whole: EndToEnd


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=8_000, metavar="N", help="sockets on each side (8000)")
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="events to the fast sides (11)")
    parser.add_argument("--call-outs", type=int, default=7, metavar="N", help="call-outs over REST (7)")
    parser.add_argument("--slow-rounds", type=int, default=3, metavar="N", help="events to Channels (3)")
    parser.add_argument("--target", type=float, default=12, metavar="R", help="least ratio to Channels (12)")
    parser.add_argument("--end-to-end", type=float, default=2, metavar="R", help="most for a call-out (2)")


def run(options: argparse.Namespace) -> Report:
    """Measure all sides in one run, event by event in turn, and compare each pair."""
    with stage() as place:
        tokens = prepare(place.environment, options.phones)
        servers = Servers(
            sockets=our_server(place.environment, place.folder),
            web=our_server(place.environment, place.folder, "web"),
            nchan=nchan.server(place),
            nats=nats.server(place),
            channels=channels.server(place),
        )
        with running(servers.sockets, servers.web, servers.nchan, servers.nats, servers.channels):
            return report_of(uvloop.run(_measure(options, servers, tokens, place)), options)


async def _measure(options: argparse.Namespace, servers: Servers, tokens: list[str], place: Stage) -> Outcome:
    from simulator.people import UNIT

    numbers = itertools.count(1)
    sides = _sides(servers, options.phones, numbers, place)
    muster, slow = sides["muster"], sides["channels"]
    fast = [muster, sides["nchan"], sides["nats"]]
    await muster.connect(phones_of(tokens))
    await sides["nchan"].connect([Opening()] * options.phones)
    await sides["nats"].connect([nats.SUBSCRIBE] * options.phones)
    if not pin_database(place.environment["DATABASE_URL"]):
        print("  PostgreSQL is not kept off the server's core: only root may do that", flush=True)
    await asyncio.sleep(SETTLE_S)
    played = await take_turns(fast, options.rounds)
    call_outs = CallOuts(servers.web, tokens[0], UNIT, options.phones)
    whole = await end_to_end(muster, call_outs, options.call_outs, skip_number=numbers.__next__)
    await slow.connect([Opening()] * options.phones)
    await asyncio.sleep(SETTLE_S)
    beside, played_slowly = await take_turns([muster, slow], options.slow_rounds)
    rounds = dict(zip(sides, [*played, played_slowly], strict=True))
    return Outcome(sides, rounds, beside, whole)


def _sides(servers: Servers, phones: int, numbers: Iterator[int], place: Stage) -> dict[str, Side]:
    from benchmarks.publisher import event_text
    from simulator.people import UNIT

    mark = json.dumps(EVENT).encode()
    event = event_text(f"unit.{UNIT}", 1).encode()
    return {
        "muster": Side(Crowd("muster", servers.sockets.ws, mark), publish_to_log(phones, numbers)),
        "nchan": nchan.side(servers.nchan, event, mark),
        "nats": nats.side(servers.nats, event, mark),
        "channels": channels.side(servers.channels, event, mark, place.environment["REDIS_URL"]),
    }


def publish_to_log(phones: int, numbers: Iterator[int]) -> Publish:
    """Return how an event enters our log: a transaction, its commit, then the bus. All of it counts."""
    from benchmarks.publisher import commit_event
    from simulator.people import UNIT, numbers_of

    people = numbers_of(phones)

    async def publish() -> int:
        number, began = next(numbers), time.monotonic_ns()
        await asyncio.to_thread(commit_event, f"unit.{UNIT}", number, people)
        return began

    return publish


def report_of(outcome: Outcome, options: argparse.Namespace) -> Report:
    """Compare the rounds of all sides pair by pair."""
    sides, rounds = outcome.sides, outcome.rounds
    sizes = {name: side.crowd.sizes for name, side in sides.items()}
    assert all(size == sizes["muster"] for size in sizes.values()), f"all must get the same bytes: {sizes}"
    figures = {name: side.figures(rounds[name]) for name, side in sides.items()}
    ratios = {name: ratio_of(rounds["muster"], rounds[name]) for name in ("nchan", "nats")}
    ratios["channels"] = ratio_of(outcome.beside_channels, rounds["channels"])
    ratios["end_to_end"] = median(outcome.whole.ratios)
    whole = outcome.whole.figures()
    return Report(
        name="fanout",
        figures={**figures, "end_to_end": whole},
        ratios=ratios,
        targets={"channels": options.target},
        limits={"end_to_end": options.end_to_end},
        versions=nchan.versions() | nats.versions(),
        lines=[*_table(figures), "", *_whole_lines(whole), "", *notes(options)],
    )


def _table(figures: dict[str, dict[str, float]]) -> list[str]:
    head = (
        f"{'':9} {'phones':>7} {'connects/s':>11} {'events/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'last ms':>8}"
    )
    lines = [
        f"{name:9} {f['phones']:>7} {f['connects_per_s']:>11} {f['rate_per_s']:>9} "
        f"{f['p50_ms']:>8} {f['p99_ms']:>8} {f['all_ms']:>8}"
        for name, f in figures.items()
    ]
    return [head, *lines]


def _whole_lines(whole: dict[str, float]) -> list[str]:
    return [
        f"A call-out over REST to {whole['phones']} people, milliseconds after the request:",
        (
            f"  in the log {whole['logged_ms']}, first phone {whole['first_ms']}, "
            f"answered {whole['answered_ms']}, last phone {whole['all_ms']} (pure {whole['pure_all_ms']})"
        ),
    ]


def notes(options: argparse.Namespace) -> list[str]:
    """Return what one must know to read the figures."""
    return [
        "Our time runs from before the transaction of another process, over log and bus, to the last phone,",
        "the peers' from before one publish. `web` and `sockets` share the server's core; PostgreSQL, Redis and",
        f"all clients have the other. {options.rounds} rounds; {options.slow_rounds} of Channels, which takes seconds.",
    ]
