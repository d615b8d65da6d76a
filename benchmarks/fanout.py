"""One call-out to thousands of phones: against nchan, NATS and Channels as documented, and from the request on."""

import argparse
import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvloop

from benchmarks.call_out import CallOuts, EndToEnd, end_to_end
from benchmarks.crowd import Crowd, Opening
from benchmarks.deaf import beside_a_deaf_phone
from benchmarks.peers.channels_documented import start as channels
from benchmarks.peers.nats import start as nats
from benchmarks.peers.nchan import start as nchan
from benchmarks.report import Report, median
from benchmarks.rounds import Publish, Round, Side, ratio_of, take_turns
from benchmarks.stage import Stage, our_server, phones_of, pin_database, prepare, running, stage
from simulator.processes import Server

MARK = b'"bench.called"'
SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Peer:
    """One of the peers: how a phone opens its socket there, and how many rounds it plays."""

    side: Side
    opening: Opening
    rounds: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Rounds of ours, the peer's rounds that were played in turn with them, and the peer's figures."""

    peer: Side
    ours: list[Round]
    theirs: list[Round]
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Servers:
    """The peers' servers."""

    nchan: Server
    nats: nats.NatsServer
    channels: Server


@dataclass(frozen=True, slots=True)
class Outcome:
    """Our side, the comparison with each peer, and the call-outs."""

    muster: Side
    pairs: list[Pair]
    whole: EndToEnd
    beside_deaf: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=8_000, metavar="N", help="sockets on each side (8000)")
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="events to the fast sides (11)")
    parser.add_argument("--call-outs", type=int, default=7, metavar="N", help="call-outs over REST (7)")
    parser.add_argument("--slow-rounds", type=int, default=3, metavar="N", help="events to Channels (3)")
    parser.add_argument("--target", type=float, default=12, metavar="R", help="least ratio to Channels (12)")
    parser.add_argument("--end-to-end", type=float, default=2, metavar="R", help="most for a call-out (2)")
    parser.add_argument(
        "--beside", type=float, default=1.2, metavar="R", help="most beside a phone that never reads (1.2)"
    )


def run(options: argparse.Namespace) -> Report:
    """Measure all sides in one run, event by event in turn, and compare each pair."""
    with stage() as place:
        tokens = prepare(place.environment, options.phones + 1)
        sockets = our_server(place.environment, place.folder)
        web = our_server(place.environment, place.folder, "web")
        servers = Servers(nchan.server(place), nats.server(place), channels.server(place))
        with running(sockets, web, servers.nchan, servers.nats, servers.channels):
            peers = _peers(servers, options, place)
            return report_of(uvloop.run(_measure(options, sockets, web, peers, tokens, place)), options)


async def _measure(
    options: argparse.Namespace,
    sockets: Server,
    web: Server,
    peers: list[Peer],
    tokens: list[str],
    place: Stage,
) -> Outcome:
    from simulator.people import UNIT, numbers_of

    numbers = itertools.count(1)
    muster = Side(Crowd("muster", sockets.ws, MARK), publish_to_log(options.phones, numbers))
    *tokens, deaf = tokens
    await muster.connect(phones_of(tokens))
    if not pin_database(place.environment["DATABASE_URL"]):
        print("  PostgreSQL is not kept off the server's core: only root may do that", flush=True)
    await asyncio.sleep(SETTLE_S)
    call_outs = CallOuts(web, tokens[0], UNIT, options.phones + 1)
    whole = await end_to_end(muster, call_outs, options.call_outs, skip_number=numbers.__next__)
    pairs = [await _compare(muster, peer) for peer in peers]
    number = numbers_of(len(tokens) + 1)[-1]
    return Outcome(
        muster, pairs, whole, await beside_a_deaf_phone(muster, sockets.ws, deaf, number, options.rounds)
    )


async def _compare(muster: Side, peer: Peer) -> Pair:
    """Play with one peer, whose sockets are open only meanwhile: many machines do not allow all of them at once."""
    await peer.side.connect([peer.opening] * muster.crowd.size)
    await asyncio.sleep(SETTLE_S)
    ours, theirs = await take_turns([muster, peer.side], peer.rounds)
    pair = Pair(peer.side, ours, theirs, peer.side.figures(theirs))
    peer.side.crowd.shrink(0)
    await asyncio.sleep(SETTLE_S)
    return pair


def _peers(servers: Servers, options: argparse.Namespace, place: Stage) -> list[Peer]:
    from benchmarks.publisher import event_text
    from simulator.people import UNIT

    event = event_text(f"unit.{UNIT}", 1).encode()
    redis_url = place.environment["REDIS_URL"]
    return [
        Peer(nchan.side(servers.nchan, event, MARK), Opening(), options.rounds),
        Peer(nats.side(servers.nats, event, MARK), nats.SUBSCRIBE, options.rounds),
        Peer(channels.side(servers.channels, event, MARK, redis_url), Opening(), options.slow_rounds),
    ]


def publish_to_log(phones: int, numbers: Iterator[int]) -> Publish:
    """Return the publisher of an event to our log: a transaction, its commit, then the bus; timed from the commit."""
    from benchmarks.publisher import commit_event
    from simulator.people import UNIT, numbers_of

    people = numbers_of(phones)

    async def publish() -> int:
        return await asyncio.to_thread(commit_event, f"unit.{UNIT}", next(numbers), people)

    return publish


def report_of(outcome: Outcome, options: argparse.Namespace) -> Report:
    """Compare the rounds of all sides pair by pair."""
    muster, pairs = outcome.muster, outcome.pairs
    for pair in pairs:
        assert pair.peer.crowd.sizes == muster.crowd.sizes, f"{pair.peer.crowd.name} sent other bytes"
    own = muster.figures([round for pair in pairs for round in pair.ours])
    figures = {"muster": own, **{pair.peer.crowd.name: pair.figures for pair in pairs}}
    ratios = {pair.peer.crowd.name: ratio_of(pair.ours, pair.theirs) for pair in pairs}
    ratios["end_to_end"] = median(outcome.whole.ratios)
    ratios["beside_a_phone_that_never_reads"] = outcome.beside_deaf
    whole = outcome.whole.figures()
    return Report(
        name="fanout",
        figures={**figures, "end_to_end": whole},
        ratios=ratios,
        targets={"channels": options.target},
        limits={"end_to_end": options.end_to_end, "beside_a_phone_that_never_reads": options.beside},
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
    """Return notes that explain the figures."""
    return [
        "Our time runs from the commit in another process, over bus and hub, to the last phone,",
        "the peers' from before one publish. `web` and `sockets` share the server's core; PostgreSQL, Redis and",
        f"all clients have the other. {options.rounds} rounds; {options.slow_rounds} of Channels, which takes seconds.",
    ]
