"""A line is written with one statement, sealed, and the same whether the database or memory holds it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from backend.accounts.models import User
from backend.audit import queries
from backend.audit.keys import is_sealed
from backend.audit.models import Entry
from backend.audit.services import Record, record, record_all
from tests.audit.conftest import Noted

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def stored_is_sealed() -> bool:
    return all(is_sealed(queries.line_of(entry)) for entry in Entry.objects.all())


def test_a_line_holds_what_was_given(volunteer: User) -> None:
    record(Noted.TASK_CALLED, subject="task.1", by=volunteer, at=AT, post="leader@0726010012", offered=3)

    entry = Entry.objects.get(act="task.called")
    assert (entry.subject, entry.by, entry.at, entry.post) == ("task.1", volunteer, AT, "leader@0726010012")
    assert entry.details == {"offered": 3}
    assert (entry.day, entry.position, entry.link) == (None, None, "")


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"n": 0, "on": True, "none": None, "text": "王大妈 “quoted” \\ 100 %s"},
        {"whole": 100000.0, "large": 1e22, "small": 1e-7, "part": 0.1, "minus": -0.0, "exact": 1e16},
        {"list": [1, [2.0, "x"]], "tuple": (1, 2), "nested": {"b": 1, "a": {"z": None}}},
    ],
)
def test_a_stored_line_keeps_its_seal_whatever_the_details(details: dict[str, Any]) -> None:
    record(Noted.NOTE_MADE, subject="note.1", by=None, at=AT, **details)

    assert stored_is_sealed()


def test_a_line_of_another_time_zone_keeps_its_seal() -> None:
    record(Noted.NOTE_MADE, subject="note.1", by=None, at=AT.astimezone(ZoneInfo("Asia/Shanghai")))

    assert stored_is_sealed()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("act", "note.unmade"),
        ("subject", "note.2"),
        ("by_id", None),
        ("at", AT.replace(microsecond=123457)),
        ("post", "leader@0726010012"),
        ("details", {"n": 2}),
        ("key", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ],
)
def test_a_changed_line_loses_its_seal(volunteer: User, column: str, value: Any) -> None:
    Entry.objects.all().delete()
    record(Noted.NOTE_MADE, subject="note.1", by=volunteer, at=AT, n=1)

    Entry.objects.update(**{column: value})

    assert not stored_is_sealed()


def test_many_lines_take_one_statement_and_keep_their_order(
    volunteer: User, django_assert_num_queries: Any
) -> None:
    Entry.objects.all().delete()
    acts = [Record(Noted.NOTE_MADE, f"note.{n}", volunteer, AT, post="leader@0726010012") for n in range(100)]

    if connection.vendor == "postgresql":
        with django_assert_num_queries(1):
            record_all(acts)
    else:
        record_all(acts)

    assert list(Entry.objects.order_by("pk").values_list("subject", flat=True)) == [
        f"note.{n}" for n in range(100)
    ]
    assert set(Entry.objects.values_list("post", flat=True)) == {"leader@0726010012"}
    assert stored_is_sealed()


def test_one_line_takes_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        record(Noted.NOTE_MADE, subject="note.1", by=None, at=AT)


def test_a_detail_that_the_act_does_not_declare_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="does not declare"):
        record(Noted.NOTE_MADE, subject="note.1", by=None, at=AT, secret="x")


def test_no_lines_take_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        record_all([])


def test_two_equal_acts_are_two_lines() -> None:
    for _ in range(2):
        record(Noted.NOTE_MADE, subject="note.1", by=None, at=AT)

    assert len(set(Entry.objects.values_list("seal", flat=True))) == 2
