"""The memory of an idle phone: our sockets process against a bare ASGI echo."""

import argparse
from contextlib import closing

from benchmarks.arrivals import Arrivals
from benchmarks.connect import LINE
from benchmarks.cost import resident_bytes
from benchmarks.crowd import Opening
from benchmarks.peers.bare_asgi import start as bare_asgi
from benchmarks.report import Report
from benchmarks.stage import our_server, phones_of, prepare, running, stage
from simulator.processes import Server

WARM_UP = 200


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--phones", type=int, default=10_000, metavar="N", help="idle phones (10000)")
    parser.add_argument("--settle", type=float, default=5.0, metavar="S", help="seconds before each look (5)")


def run(options: argparse.Namespace) -> Report:
    """Connect phones to us and to the peer, and compare the memory of both processes before and after."""
    with stage() as place:
        tokens = prepare(place.environment, options.phones + WARM_UP, LINE)
        phones = phones_of(tokens, dict.fromkeys(LINE, 0))
        ours, peer = our_server(place.environment, place.folder), bare_asgi.server(place)
        with running(ours, peer):
            kib = kib_per_phone(ours, phones, options.settle)
            peer_kib = kib_per_phone(peer, [Opening()] * len(phones), options.settle)
        return report_of(kib, peer_kib, options.phones)


def kib_per_phone(server: Server, openings: list[Opening], settle_s: float) -> float:
    """Return the growth of a process for each phone, while phones connect, stay a moment, and leave.

    The first few connect before the first reading: a process loads its modules only once.
    """
    with closing(Arrivals()) as arrivals:
        arrivals.connect(server.ws, openings[:WARM_UP])
        arrivals.rest(settle_s)
        before = resident_bytes(server)
        came = arrivals.connect(server.ws, openings[WARM_UP:])
        arrivals.rest(settle_s)
        grown = resident_bytes(server) - before
        lost = came.refused + arrivals.closed
    if lost:
        raise RuntimeError(f"{server.name} lost {lost} phones: {came.why_refused}")
    kib = grown / came.size / 1024
    print(
        f"  {server.name:9} {came.size} phones, {before / 2**20:.0f} MiB before, {kib:.1f} KiB each",
        flush=True,
    )
    return kib


def report_of(ours: float, peer: float, phones: int) -> Report:
    """Compare the two."""
    figures = {"phones": phones, "kib_per_phone": round(ours, 1), "bare_asgi_kib": round(peer, 1)}
    line = f"an idle phone takes {ours:.1f} KiB, {peer:.1f} KiB of a bare ASGI echo"
    return Report("memory", figures, {"bare_asgi": ours / peer}, lines=[line])
