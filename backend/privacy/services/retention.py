"""Deletes what has been kept long enough, and keeps a report of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, Q, QuerySet

from backend.accounts.models import Device, Invitation, SignInCode
from backend.joining.models import Application
from backend.papers.queries import sheets_ended_before
from backend.privacy.models import RetentionRun
from backend.tracking.models import Tracker, TrackerDay
from backend.volunteers.models import AccessEntry, Consent, Credential, Guardian

STEP = 5_000
"""Rows of one kind that one run deletes. The rest waits for the next run, so that no transaction is long."""

YEAR = timedelta(days=365)
KEPT: Mapping[str, timedelta] = MappingProxyType(
    {
        "looks": timedelta(days=180),
        "wrong passwords": timedelta(days=1),
        "page sessions": timedelta(0),
        "undecided applications": timedelta(days=180),
        "invitations that are over": timedelta(days=90),
        "sign-in codes that are over": timedelta(days=90),
        "revoked devices": timedelta(days=90),
        "revoked trackers": timedelta(days=90),
        "reports of trackers that were not stored": timedelta(days=8),
        "withdrawn consents": 3 * YEAR,
        "withdrawn guardians": 3 * YEAR,
        "ended credentials": 10 * YEAR,
        "papers of occasions that are over": 10 * YEAR,
    }
)
"""How long things are kept after they are over. Tasks, call-outs, assignments and the audit are never deleted here:
service records are kept 10 years at least."""


def keep_to_limits(*, at: datetime) -> int:
    """Delete what is past its limit, at most 5,000 rows of each kind; returns how many. The report tells of each."""
    return sum(_delete(kind, rows, at) for kind, rows in _overdue(at).items())


def note_deleted(kind: str, count: int, *, at: datetime) -> None:
    """Add to the report what was deleted of a kind on this day; a count of 0 says that the clock looked."""
    line, _ = RetentionRun.objects.get_or_create(day=at.date(), kind=kind, defaults={"last_at": at})
    RetentionRun.objects.filter(pk=line.pk).update(deleted=F("deleted") + count, last_at=at)


def _overdue(at: datetime) -> dict[str, QuerySet[Any]]:
    ended = Q(revoked_at__lt=at - KEPT["ended credentials"]) | Q(
        valid_until__lt=at - KEPT["ended credentials"]
    )
    dead, spent = at - KEPT["revoked trackers"], at - KEPT["invitations that are over"]
    undecided = Application.objects.waiting()
    return {
        "looks": AccessEntry.objects.filter(hour__lt=at - KEPT["looks"]),
        "wrong passwords": AccessAttempt.objects.filter(attempt_time__lt=at - KEPT["wrong passwords"]),
        "page sessions": Session.objects.filter(expire_date__lt=at - KEPT["page sessions"]),
        "undecided applications": undecided.filter(at__lt=at - KEPT["undecided applications"]),
        "invitations that are over": Invitation.objects.filter(expires_at__lt=spent),
        "sign-in codes that are over": SignInCode.objects.filter(
            expires_at__lt=at - KEPT["sign-in codes that are over"]
        ),
        "revoked devices": Device.objects.filter(revoked_at__lt=at - KEPT["revoked devices"]),
        "revoked trackers": Tracker.objects.filter(Q(revoked_at__lt=dead) | Q(expires_at__lt=dead)),
        "reports of trackers that were not stored": TrackerDay.objects.filter(
            day__lt=(at - KEPT["reports of trackers that were not stored"]).date()
        ),
        "withdrawn consents": Consent.objects.filter(withdrawn_at__lt=at - KEPT["withdrawn consents"]),
        "withdrawn guardians": Guardian.objects.filter(
            withdrawn_at__lt=at - KEPT["withdrawn guardians"], consents=None
        ),
        "ended credentials": Credential.objects.filter(ended),
        "papers of occasions that are over": sheets_ended_before(
            at - KEPT["papers of occasions that are over"]
        ),
    }


@transaction.atomic
def _delete(kind: str, rows: QuerySet[Any], at: datetime) -> int:
    step = list(rows.order_by("pk").values_list("pk", flat=True)[:STEP])
    deleted: int = rows.model._default_manager.filter(pk__in=step).delete()[0]  # noqa: SLF001  # documented, of any model
    note_deleted(kind, deleted, at=at)
    return deleted
