"""An audit with some rows, and how somebody at the database would treat it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from backend.audit import keys
from backend.audit.acts import ActName
from backend.audit.models import Entry
from backend.audit.queries import Stored
from backend.audit.services import advance_chain, record
from backend.audit.verification import Finding, Verdict, verify


class Noted(ActName):
    """What these tests record."""

    NOTE_MADE = (
        "note.made",
        "A note was made.",
        "n",
        "on",
        "none",
        "text",
        "list",
        "tuple",
        "nested",
        *(("whole", "large", "small", "part", "minus", "exact")),
    )
    TASK_CALLED = "task.called", "A task was called out.", "offered"


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def act(at: datetime = NOON, times: int = 1, **details: Any) -> None:
    """Record some acts of one moment."""
    for _ in range(times):
        record(Noted.NOTE_MADE, subject="note.1", by=None, at=at, **details)


def link(at: datetime = NOON) -> int:
    return advance_chain(at=at)


def verified() -> Verdict:
    """Verify the database with the public key alone."""
    return verify(Stored(), {keys.own_key_id(): keys.own_public_key()})


def found() -> Finding:
    finding = verified().finding
    assert finding is not None, "nothing was found"
    return finding


def sql(statement: str, *parameters: Any) -> None:
    """Do what somebody does who has the database and no key."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def three_days(db: None) -> list[int]:
    """Make three days of six rows each, linked in steps of two; return the ids in the order of the chain."""
    for day in range(3):
        for step in range(3):
            at = NOON + day * DAY + timedelta(seconds=step)
            act(at, times=2, n=step)
            link(at)
    return list(Entry.objects.order_by("day", "position").values_list("pk", flat=True))
