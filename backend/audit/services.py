"""Writes the record of acts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from backend.audit.models import Entry
from backend.lib.rows import Row, insert_rows


def record(act: str, *, subject: str, by: AbstractBaseUser | None, at: datetime, **details: Any) -> None:
    """Write one line: `act` (noun.verb), `subject` (kind.id), who (None: the clock) and when."""
    Entry.objects.create(act=act, subject=subject, by_id=by.pk if by else None, at=at, details=details)


@dataclass(frozen=True, slots=True)
class Act:
    """One act of many that are recorded together: what `record` takes."""

    act: str
    subject: str
    by: AbstractBaseUser | None
    at: datetime


def record_all(acts: Iterable[Act]) -> None:
    """Write a line for each act, in the order given, in one statement for a thousand of them."""
    lines: list[Row] = [
        {
            "act": act.act,
            "subject": act.subject,
            "by_id": act.by.pk if act.by else None,
            "at": act.at,
            "details": {},
        }
        for act in acts
    ]
    insert_rows(Entry, lines)
