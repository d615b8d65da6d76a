"""Many rows in one statement come out as the ORM would have written them, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid6 import uuid7

from backend.lib.bulk import insert_new_rows, insert_rows, update_rows
from backend.realtime.models import Event, KeyedAct, Topic
from backend.tracking.models import LatestPosition

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def event(n: int, value: Any) -> dict[str, Any]:
    Topic.objects.get_or_create(name="note", defaults={"head": 0, "moved_at": AT})
    return {"topic_id": "note", "seq": n, "type": "note", "data": value, "at": AT + timedelta(seconds=n)}


def keyed(n: int) -> dict[str, Any]:
    return {"person": n, "key": uuid7(), "act": "test.note", "digest": uuid7(), "until": AT}


@pytest.mark.parametrize(
    "value",
    [
        {},
        [1, 2.5, None, True],
        "it's “quoted” 100 %, \\ and %s",
        {"text": "王大妈 😀", "at": None, "nested": [{"a": "\n\t"}]},
    ],
)
def test_inserted_rows_are_what_was_given(value: Any) -> None:
    rows = [event(n, value) for n in range(3)]

    insert_rows(Event, rows)

    stored = Event.objects.order_by("pk").values("topic_id", "seq", "type", "data", "at")
    assert list(stored) == rows


def test_updated_rows_have_the_new_values_and_others_their_old() -> None:
    made = [
        LatestPosition(person=n, scope="0001", at=AT, received_at=AT, lon=119.5, lat=29.25, accuracy_m=5)
        for n in range(3)
    ]
    LatestPosition.objects.bulk_create(made)
    for one in made[:2]:
        one.scope, one.accuracy_m, one.lon, one.received_at = "it's", None, 0.1, AT + timedelta(hours=1)

    update_rows(made[:2], ["scope", "accuracy_m", "received_at"])

    rows = LatestPosition.objects.order_by("person").values_list("scope", "accuracy_m", "received_at", "lon")
    later = AT + timedelta(hours=1)
    assert list(rows) == [("it's", None, later, 119.5)] * 2 + [("0001", 5.0, AT, 119.5)]


def test_a_thousand_rows_are_one_statement_and_none_is_none() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    rows = [keyed(n) for n in range(1_000)]
    with CaptureQueriesContext(connection) as captured:
        insert_rows(KeyedAct, [])
        update_rows([], ["made"])
        insert_rows(KeyedAct, rows)
    assert len(captured) == 1
    assert KeyedAct.objects.count() == 1_000


def test_new_rows_are_inserted_and_others_left_as_they_are() -> None:
    before, new = [keyed(n) for n in range(3)], [keyed(n) for n in range(3, 5)]
    first = insert_new_rows(KeyedAct, before, unique=("person", "key"))
    changed = [row | {"digest": uuid7()} for row in before]

    made = insert_new_rows(KeyedAct, [*changed, *new], unique=("person", "key"))

    assert [set(first), set(made)] == [
        {(row["person"], row["key"]) for row in rows} for rows in (before, new)
    ]
    stored = KeyedAct.objects.in_bulk([*first.values(), *made.values()])
    assert {(row.person, row.key): row.digest for row in stored.values()} == {
        (row["person"], row["key"]): row["digest"] for row in (*before, *new)
    }
