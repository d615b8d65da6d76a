"""Writes the record of acts inside the act's own transaction, with one statement and without a lock.

A row is sealed as it is written. The clock gives it its place in the chain after the commit. So independent
transactions never wait for each other here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from uuid6 import uuid7

from backend.audit.chain import Line, moment
from backend.audit.keys import seal_of
from backend.audit.models import Entry
from backend.lib.bulk import Row, insert_rows


def record(
    act: str, *, subject: str, by: AbstractBaseUser | None, at: datetime, post: str = "", **details: Any
) -> None:
    """Write one line: `act` (noun.verb), `subject` (kind.id), the actor (None: the clock) and the time.

    `post` is the title of the post that allowed the act, empty for a person's own acts. `details` are ids, codes and
    counts, never free text and never names of people: a line can never be deleted.
    """
    Entry.objects.create(**_row(act, subject, by, at, post, details))


@dataclass(frozen=True, slots=True)
class Act:
    """One act of many that are recorded together: the arguments of `record`, without details."""

    act: str
    subject: str
    by: AbstractBaseUser | None
    at: datetime
    post: str = ""


def record_all(acts: Iterable[Act]) -> None:
    """Write a line for each act, in the given order, a thousand lines in one statement."""
    insert_rows(Entry, [_row(act.act, act.subject, act.by, act.at, act.post, {}) for act in acts])


def _row(
    act: str,
    subject: str,
    by: AbstractBaseUser | None,
    at: datetime,
    post: str,
    details: dict[str, Any],
) -> Row:
    key = UUID(bytes=uuid7().bytes)
    by_id = by.pk if by else None
    seal = seal_of(Line(0, str(key), act, subject, by_id, moment(at), post, details, ""))
    return {
        "act": act,
        "subject": subject,
        "by_id": by_id,
        "at": at,
        "post": post,
        "details": details,
        "key": key,
        "seal": seal,
        "link": "",
    }
