"""What the audit costs: short transactions of eight threads, with a line each and without, while a clock links them."""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.report import Report, quantile
from simulator.throwaway import postgres_database

WANTED = 0.6
"""Share of the transactions without a line that are to be left with one."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Transactions a second, and how long one took."""

    rate: float
    p50_ms: float
    p99_ms: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--threads", type=int, default=8, metavar="N", help="threads that act (8)")
    parser.add_argument("--acts", type=int, default=500, metavar="N", help="acts of each thread (500)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of every side (5)")


def run(options: argparse.Namespace) -> Report:
    """Measure in a database of its own, in a process that has been told of it."""
    import django

    with postgres_database("audit") as database:
        os.environ |= {"DATABASE_URL": database, "REDIS_URL": "", "SECRET_KEY": "bench-" + "k" * 40}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
        subprocess.run([sys.executable, "manage.py", "migrate", "--noinput", "-v0"], check=True)
        django.setup()
        try:
            return _measured(options)
        finally:
            from django.db import connections

            connections.close_all()
            connections["default"].close_pool()  # type: ignore[attr-defined]


def _measured(options: argparse.Namespace) -> Report:
    sides = {"without": (False, False), "recorded": (True, False), "linked": (True, True)}
    turns: dict[str, list[Turn]] = {name: [] for name in sides}
    waits: list[float] = []
    for _ in range(options.rounds):
        for name, (records, links) in sides.items():
            turns[name].append(_turn(options.threads, options.acts, records, links, waits))
    figures = {
        name: {
            "per_s": round(statistics.median(turn.rate for turn in of_side)),
            "p50_ms": round(statistics.median(turn.p50_ms for turn in of_side), 2),
            "p99_ms": round(statistics.median(turn.p99_ms for turn in of_side), 2),
        }
        for name, of_side in turns.items()
    }
    per_s = {name: float(of_side["per_s"]) for name, of_side in figures.items()}
    ratios = {
        "recorded": per_s["recorded"] / per_s["without"],
        "linked": per_s["linked"] / per_s["recorded"],
    }
    linked = {"p50_ms": round(quantile(waits, 0.5) * 1e3), "p99_ms": round(quantile(waits, 0.99) * 1e3)}
    lines = [f"{name:9} {of_side}" for name, of_side in {**figures, "until linked": linked}.items()]
    return Report(
        name="audit",
        figures={**figures, "until_linked": linked},
        ratios=ratios,
        targets={"recorded": WANTED, "linked": WANTED},
        lines=lines,
    )


def _turn(threads: int, acts: int, records: bool, links: bool, waits: list[float]) -> Turn:
    """Let all threads act at once, each on a row of its own, while a clock links or does not."""
    from backend.audit.services import advance_chain

    stop = threading.Event()
    clock = threading.Thread(target=_clock, args=(stop, waits)) if links else None
    if clock:
        clock.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        times = [took for of_thread in pool.map(_acts(acts, records), range(threads)) for took in of_thread]
    rate = threads * acts / (time.perf_counter() - began)
    stop.set()
    if clock:
        clock.join()
    while advance_chain(at=datetime.now(UTC)):
        pass
    return Turn(rate, quantile(times, 0.5) * 1e3, quantile(times, 0.99) * 1e3)


def _acts(acts: int, records: bool) -> Callable[[int], list[float]]:
    """Return what a thread does: transactions that change a row of its own, and record it."""
    from django.db import connection, transaction

    from backend.audit.services import record
    from backend.realtime.models import Topic

    def work(thread: int) -> list[float]:
        took = []
        name = f"bench.{thread}"
        now = datetime.now(UTC)
        Topic.objects.get_or_create(name=name, defaults={"head": 0, "moved_at": now})
        for n in range(acts):
            began = time.perf_counter()
            with transaction.atomic():
                Topic.objects.filter(name=name).update(head=n)
                if records:
                    record("note.made", subject=name, by=None, at=datetime.now(UTC), n=n)
            took.append(time.perf_counter() - began)
        connection.close()
        return took

    return work


def _clock(stop: threading.Event, waits: list[float]) -> None:
    """Link once a second, as the clock does, and note how long each row had waited."""
    from django.db import connection

    from backend.audit.models import Entry, Head
    from backend.audit.services import advance_chain

    while not stop.wait(1):
        before = Head.objects.order_by("-number").values_list("count", flat=True).first() or 0
        advance_chain(at=datetime.now(UTC))
        linked = datetime.now(UTC)
        recorded = Entry.objects.filter(position__gt=before).values_list("at", flat=True)
        waits.extend((linked - at).total_seconds() for at in recorded)
    connection.close()
