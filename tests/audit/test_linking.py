"""Committed rows get their places in the chain in small steps, and each step is signed."""

import logging
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from backend.audit import keys, queries
from backend.audit.models import Entry, Head
from backend.audit.services import advance_chain, link_entries, linking
from backend.audit.services.linking import forget_heads
from backend.realtime import clock, metrics
from tests.audit.conftest import DAY, NOON, act, link, sql, verified

pytestmark = pytest.mark.django_db


def places() -> list[tuple[Any, ...]]:
    return list(Entry.objects.order_by("pk").values_list("day", "position"))


def test_rows_get_places_in_their_order_and_a_head_is_signed() -> None:
    act(times=3)

    assert link() == 3

    assert places() == [(NOON.date(), 1), (NOON.date(), 2), (NOON.date(), 3)]
    head = queries.last_head()
    assert head is not None
    assert (head.number, head.day, head.count, head.closed, head.first) == (1, "2026-03-01", 3, False, 1)
    assert head.link == Entry.objects.get(position=3).link
    assert keys.is_signed(head, {keys.own_key_id(): keys.own_public_key()})


def test_rows_that_have_places_keep_them_and_later_ones_follow() -> None:
    act(times=2)
    link()
    before = list(Entry.objects.values_list("link", flat=True))
    act(NOON - DAY)

    assert link(NOON + timedelta(hours=1)) == 1

    assert list(Entry.objects.order_by("pk").values_list("link", flat=True))[:2] == before
    assert places()[2] == (NOON.date(), 3)


def test_a_day_is_closed_when_it_is_over_and_the_next_begins_anew() -> None:
    act()
    link()
    act(NOON + DAY)

    link(NOON + DAY)

    assert list(Head.objects.order_by("number").values_list("day", "count", "closed")) == [
        (date(2026, 3, 1), 1, False),
        (date(2026, 3, 1), 1, True),
        (date(2026, 3, 2), 1, False),
    ]
    assert verified().finding is None


def test_a_day_is_closed_without_another_act() -> None:
    act()
    link()

    assert link(NOON + timedelta(hours=11)) == 0
    assert not Head.objects.filter(closed=True).exists()
    link(NOON + timedelta(hours=12))
    link(NOON + timedelta(hours=13))

    assert Head.objects.filter(closed=True).count() == 1


def test_a_clock_that_is_slow_adds_to_the_day_that_has_begun() -> None:
    act()
    link(NOON + DAY)
    act()

    link(NOON)

    assert places() == [(date(2026, 3, 2), 1), (date(2026, 3, 2), 2)]
    assert verified().finding is None


def test_a_clock_that_is_slow_adds_nothing_to_a_day_that_is_closed() -> None:
    act()
    link()
    midnight = (NOON + DAY).replace(hour=0)
    link(midnight)  # closes the day
    act(NOON)

    link(midnight - timedelta(seconds=1))

    assert places() == [(date(2026, 3, 1), 1), (date(2026, 3, 2), 1)]
    assert list(Head.objects.order_by("number").values_list("day", "closed")) == [
        (date(2026, 3, 1), False),
        (date(2026, 3, 1), True),
        (date(2026, 3, 2), False),
    ]
    assert verified().finding is None


def test_nothing_waits_nothing_is_written(django_assert_num_queries: Any) -> None:
    act()
    link()

    with django_assert_num_queries(2):
        assert link() == 0
    assert Head.objects.count() == 1


def test_many_rows_take_a_fixed_number_of_statements(django_assert_max_num_queries: Any) -> None:
    act(times=100)

    with django_assert_max_num_queries(12):
        link_entries(at=NOON)


def test_many_steps_are_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.audit.services.linking.STEP", 2)
    monkeypatch.setattr(link_entries.__wrapped__, "__kwdefaults__", {"limit": 2})  # type: ignore[attr-defined]
    act(times=5)

    assert advance_chain(at=NOON) == 5
    assert list(Head.objects.order_by("number").values_list("count", flat=True)) == [2, 4, 5]


def test_the_clock_links() -> None:
    act()

    assert clock.tick(at=NOON)["backend.realtime.due.link_audit"] == 1


def test_rows_that_wait_are_counted_for_monitoring() -> None:
    act(times=2)
    metrics.read_audit()
    assert metrics.audit_unlinked._value.get() == 2
    link()
    metrics.read_audit()
    assert metrics.audit_unlinked._value.get() == 0


# --- what no service wrote ----------------------------------------------------------------------------------------


def test_a_row_that_no_service_wrote_is_refused_and_the_refusal_recorded() -> None:
    act()
    forged = Entry.objects.create(
        act="post.given",
        subject="volunteer.1",
        at=NOON,
        key="01890a5d-ac96-774b-bcce-b302099a8057",
        seal="0" * 32,
    )

    link()
    link()

    forged.refresh_from_db()
    assert (forged.position, forged.link) == (None, "refused")
    assert Entry.objects.get(act="audit.refused").subject == f"entry.{forged.pk}"
    assert Entry.objects.filter(position__isnull=False).count() == 2


def test_a_row_that_was_changed_before_it_was_linked_is_refused() -> None:
    act(times=2)
    changed = Entry.objects.order_by("pk").first()
    assert changed is not None
    sql("UPDATE audit_entry SET subject = 'note.2' WHERE id = %s", changed.pk)

    link()

    changed.refresh_from_db()
    assert changed.link == "refused"


def test_a_copy_of_a_row_is_refused_even_without_the_constraint() -> None:
    """The same key twice: whoever has the database can drop the constraint, and seals cannot be made but copied."""
    act()
    link()
    original = Entry.objects.get()
    Entry.objects.filter(pk=original.pk).update(link="")

    link()

    original.refresh_from_db()
    assert original.link == "refused"
    found = verified().finding
    assert found is not None
    assert found.row == original.pk


# --- a database that is put back ----------------------------------------------------------------------------------


def chain_of(django_capture: Any, at: datetime) -> None:
    with django_capture(execute=True):
        act(at)
        link(at)


def test_the_clock_notices_that_the_database_was_put_back(
    django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for step in range(3):
        chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=step))
    last = queries.last_head()
    assert last is not None
    sql("DELETE FROM audit_head WHERE number > 1")
    sql("DELETE FROM audit_entry WHERE position > 1")
    assert verified().finding is None  # nothing in the database tells

    chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=9))
    chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=10))

    entry = Entry.objects.get(act="audit.put_back")
    assert (entry.subject, entry.details) == ("head.3", {"digest": last.digest})
    assert "the audit was put back" in caplog.text
    assert any("audit.put_back" in remark for remark in verified().remarks)


def test_a_step_that_fails_notices_again_that_the_database_was_put_back(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(3):
        chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=step))
    sql("DELETE FROM audit_head WHERE number > 1")
    sql("DELETE FROM audit_entry WHERE position > 1")
    with monkeypatch.context() as broken:
        broken.setattr(linking, "own_key_id", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=9))

    chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=10))

    assert Entry.objects.get(act="audit.put_back").subject == "head.3"


def test_the_clock_notices_though_another_has_gone_on_from_what_was_put_back(
    django_capture_on_commit_callbacks: Any,
) -> None:
    for step in range(3):
        chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=step))
    sql("DELETE FROM audit_head WHERE number > 1")
    sql("DELETE FROM audit_entry WHERE position > 1")
    mine = linking._memory.head
    forget_heads()
    for step in range(4):
        chain_of(django_capture_on_commit_callbacks, NOON + timedelta(minutes=step))
    assert not Entry.objects.filter(act="audit.put_back").exists()
    linking._memory.head = mine

    chain_of(django_capture_on_commit_callbacks, NOON + timedelta(minutes=9))

    assert Entry.objects.get(act="audit.put_back").subject == "head.3"


def test_heads_are_told_to_the_log_once_a_minute(
    django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    forget_heads()
    with caplog.at_level(logging.INFO, logger="backend.audit.heads"):
        for seconds in (0, 1, 59, 60, 61):
            chain_of(django_capture_on_commit_callbacks, NOON + timedelta(seconds=seconds))

    told = [record.getMessage() for record in caplog.records if record.name == "backend.audit.heads"]
    digests = [
        queries.head_of(head).digest for head in Head.objects.filter(number__in=[1, 4]).order_by("number")
    ]
    assert told == [
        f"audit head 1 2026-03-01 count 1 digest {digests[0]}",
        f"audit head 4 2026-03-01 count 4 digest {digests[1]}",
    ]


def test_monitoring_reads_how_many_rows_wait(settings: Any, client: Any) -> None:
    settings.METRICS_TOKEN = "a token for tests"
    act(times=3)

    answer = client.get("/metrics", headers={"authorization": "Bearer a token for tests"})

    assert "muster_audit_unlinked 3.0" in answer.content.decode()
