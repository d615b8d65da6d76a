"""The cost of the audit: transactions of eight threads without a line, with one, and with one that is linked."""

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
"""The least share of the transactions that must remain while a clock links."""
HELD = "SELECT pg_advisory_xact_lock(7)"
"""For comparison, a chain that each act extends: it locks the end of the chain until the commit."""


@dataclass(frozen=True, slots=True)
class Side:
    """The extra work of a transaction, and whether a clock links."""

    records: bool = True
    holds: bool = False
    links: bool = False


SIDES = {
    "without": Side(records=False),
    "recorded": Side(),
    "linked": Side(links=True),
    "extending": Side(holds=True),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Transactions a second, and the duration of one."""

    rate: float
    p50_ms: float
    p99_ms: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--threads", type=int, default=8, metavar="N", help="threads that act (8)")
    parser.add_argument("--acts", type=int, default=300, metavar="N", help="acts of each thread (300)")
    parser.add_argument("--work", type=float, default=5, metavar="MS", help="what an act does after it (5)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of every side (5)")


def run(options: argparse.Namespace) -> Report:
    """Measure in a database of its own, in a separate process."""
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
    turns: dict[str, list[Turn]] = {name: [] for name in SIDES}
    waits: list[float] = []
    for _ in range(options.rounds):
        for name, side in SIDES.items():
            turns[name].append(_turn(options, side, waits))
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
        "linked_to_extending": per_s["linked"] / per_s["extending"],
    }
    linked = {"p50_ms": round(quantile(waits, 0.5) * 1e3), "p99_ms": round(quantile(waits, 0.99) * 1e3)}
    lines = [f"{name:9} {of_side}" for name, of_side in {**figures, "until linked": linked}.items()]
    return Report(
        name="audit",
        figures={**figures, "until_linked": linked},
        ratios=ratios,
        targets={"linked": WANTED, "linked_to_extending": 1.0},
        lines=lines,
    )


def _turn(options: argparse.Namespace, side: Side, waits: list[float]) -> Turn:
    """Let all threads act at once, each on its own row, with or without a clock that links."""
    from backend.audit.services import advance_chain

    stop = threading.Event()
    clock = threading.Thread(target=_clock, args=(stop, waits)) if side.links else None
    if clock:
        clock.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(options.threads) as pool:
        of_threads = pool.map(_acts(options, side), range(options.threads))
        times = [took for of_thread in of_threads for took in of_thread]
    rate = len(times) / (time.perf_counter() - began)
    stop.set()
    if clock:
        clock.join()
    while advance_chain(at=datetime.now(UTC)):
        pass
    return Turn(rate, quantile(times, 0.5) * 1e3, quantile(times, 0.99) * 1e3)


def _acts(options: argparse.Namespace, side: Side) -> Callable[[int], list[float]]:
    """Return the work of a thread: transactions that change its own row, record it, and continue for a while."""
    from django.db import connection, transaction

    from backend.audit.acts import ActName
    from backend.audit.services import record
    from backend.realtime.models import Topic

    class Acts(ActName):
        NOTE_MADE = "note.made", "A row was changed.", "n"

    def work(thread: int) -> list[float]:
        took = []
        name = f"bench.{thread}"
        now = datetime.now(UTC)
        Topic.objects.get_or_create(name=name, defaults={"head": 0, "moved_at": now})
        for n in range(options.acts):
            began = time.perf_counter()
            with transaction.atomic():
                Topic.objects.filter(name=name).update(head=n)
                if side.holds:
                    connection.cursor().execute(HELD)
                if side.records:
                    record(Acts.NOTE_MADE, subject=name, by=None, at=datetime.now(UTC), n=n)
                time.sleep(options.work / 1e3)
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
