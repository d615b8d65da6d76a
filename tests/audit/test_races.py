"""Recording and linking serialise nothing: real threads, PostgreSQL."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction

from backend.audit.models import Entry, Head
from backend.audit.queries import Stored, one_moment
from backend.audit.services import advance_chain, link_entries, record
from backend.audit.verification import Finding
from tests.audit.conftest import NOON, Noted, verified
from tests.conftest import Race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

WAIT_S = 10


def recording(subject: str) -> Callable[[], None]:
    def act() -> None:
        with transaction.atomic():
            record(Noted.NOTE_MADE, subject=subject, by=None, at=NOON)

    return act


def impatiently(act: Callable[[], Any]) -> Callable[[], Any]:
    """Do an act that must not wait for any lock."""

    def hurried() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        try:
            return act()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    return hurried


def test_a_transaction_that_has_recorded_holds_up_nobody(race: Race) -> None:
    """Neither another's record and commit, nor the linking of other rows, nor its own at last."""
    recorded, release = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record(Noted.NOTE_MADE, subject="slow", by=None, at=NOON)
            recorded.set()
            assert release.wait(WAIT_S)

    def others() -> tuple[int, list[str]]:
        assert recorded.wait(WAIT_S)
        try:
            impatiently(recording("quick"))()
            linked = impatiently(lambda: advance_chain(at=NOON))()
            subjects = list(Entry.objects.exclude(link="").values_list("subject", flat=True))
            return linked, subjects
        finally:
            release.set()

    results = race(slow, others)

    assert results == [None, (1, ["quick"])]
    assert advance_chain(at=NOON) == 1
    assert list(Entry.objects.order_by("position").values_list("subject", flat=True)) == ["quick", "slow"]
    assert Entry.objects.get(subject="slow").pk < Entry.objects.get(subject="quick").pk
    assert verified().finding is None


def test_a_clock_that_is_linking_holds_up_no_act_and_no_other_clock(race: Race) -> None:
    recording("first")()
    linking, release = threading.Event(), threading.Event()

    def slow_clock() -> int:
        with transaction.atomic():
            linked = link_entries(at=NOON)
            linking.set()
            assert release.wait(WAIT_S)
        return linked

    def others() -> int:
        assert linking.wait(WAIT_S)
        try:
            impatiently(recording("second"))()
            return int(impatiently(lambda: link_entries(at=NOON))())
        finally:
            release.set()

    assert race(slow_clock, others) == [1, 0]
    assert advance_chain(at=NOON) == 1
    assert verified().finding is None


def test_many_recorders_and_several_clocks_leave_one_chain(race: Race) -> None:
    stop = threading.Event()
    left = threading.Semaphore(0)

    def recorder(name: str) -> Callable[[], None]:
        def acts() -> None:
            for n in range(25):
                recording(f"{name}.{n}")()
            left.release()

        return acts

    def clock() -> int:
        linked = 0
        while not stop.is_set() or Entry.objects.filter(link="").exists():
            linked += link_entries(at=NOON, limit=7)
        return linked

    def finish() -> None:
        for _ in range(4):
            left.acquire(timeout=WAIT_S)
        stop.set()

    results = race(*(recorder(f"r{n}") for n in range(4)), clock, clock, finish)
    connections.close_all()

    assert [result for result in results if isinstance(result, Exception)] == []
    assert sum(result or 0 for result in results) == 100
    assert list(Entry.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 101))
    assert Head.objects.count() >= 15  # steps of seven, whichever clock took them
    assert verified().finding is None


def test_verifying_while_the_clock_links_sees_one_moment(race: Race) -> None:
    recording("first")()
    link_entries(at=NOON)
    reading, linked = threading.Event(), threading.Event()

    def verifier() -> tuple[int, int, Finding | None]:
        with one_moment():
            before = Stored().size()
            reading.set()
            assert linked.wait(WAIT_S)
            verdict = verified()
            return before, verdict.rows + verdict.heads, verdict.finding

    def clock() -> int:
        assert reading.wait(WAIT_S)
        recording("second")()
        try:
            return link_entries(at=NOON)
        finally:
            linked.set()

    assert race(verifier, clock) == [(2, 2, None), 1]
    assert (verified().rows, verified().heads) == (2, 2)
