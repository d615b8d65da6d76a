"""Writes the record of acts."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from backend.audit.models import Entry


def record(act: str, *, subject: str, by: AbstractBaseUser | None, at: datetime, **details: Any) -> None:
    """Write one line: `act` (noun.verb), `subject` (kind.id), who (None: the clock) and when."""
    Entry.objects.create(act=act, subject=subject, by_id=by.pk if by else None, at=at, details=details)
