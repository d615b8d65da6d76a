"""Writes the record of acts inside the act's own transaction, with one statement and without a lock.

A row is sealed as it is written. The clock gives it its place in the chain after the commit. So independent
transactions never wait for each other here. Services record by their act (`Act.record`), which calls
`record_all`; `record` is for the rooms below accounts, where only the clock acts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from uuid6 import uuid7

from backend.audit.acts import ActName
from backend.audit.chain import Line, moment
from backend.audit.keys import seal_of
from backend.audit.models import Entry
from backend.lib.bulk import Row, insert_rows


@dataclass(frozen=True, slots=True)
class Record:
    """One line: the act upon a subject (kind.id), the actor (None: the clock), the time, and the post.

    `post` is the title of the post that allowed the act, empty for a person's own acts. `details` are ids, codes and
    counts, never free text and never names of people: a line can never be deleted.
    """

    act: ActName
    subject: str
    by: AbstractBaseUser | None
    at: datetime
    post: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def record(
    act: ActName, *, subject: str, by: AbstractBaseUser | None, at: datetime, post: str = "", **details: Any
) -> None:
    """Write one line."""
    record_all([Record(act, subject, by, at, post, details)])


def record_all(records: Iterable[Record]) -> None:
    """Write a line for each act, in the given order, a thousand lines in one statement."""
    insert_rows(Entry, [_row(one) for one in records])


def _row(one: Record) -> Row:
    unknown = one.details.keys() - set(one.act.details)
    assert not unknown, f"{one.act} does not declare {unknown}"
    key = UUID(bytes=uuid7().bytes)
    by_id = one.by.pk if one.by else None
    details = dict(one.details)
    seal = seal_of(
        Line(0, str(key), one.act.value, one.subject, by_id, moment(one.at), one.post, details, "")
    )
    return {
        "act": one.act.value,
        "subject": one.subject,
        "by_id": by_id,
        "at": one.at,
        "post": one.post,
        "details": details,
        "key": key,
        "seal": seal,
        "link": "",
    }
