"""The epoch of the log: cursors and receipts count only in the epoch in which they were made.

A restored database issues numbers a second time. A phone that has seen the first event 44 of a topic must not pass for
one that has the second. So the log gets a new epoch then, and every phone starts again.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps as installed
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from uuid6 import uuid7

from backend.audit.services import record
from backend.lib.clock import now
from backend.lib.dialect import on_postgresql
from backend.realtime import metrics
from backend.realtime.acts import Acts
from backend.realtime.models import Epoch, Topic

logger = logging.getLogger(__name__)

THE_ONE = 1
"""The key of the only row."""
ASKED, RESTORED, WENT_BACK = "asked", "restored", "went_back"
"""Why an epoch begins: the operator's command; another database; a database that lacks known events."""
_READ = "SELECT value, identity FROM realtime_epoch WHERE id = 1"
_IDENTITY = """
    SELECT (SELECT system_identifier FROM pg_control_system()) || '.'
        || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '.'
        || (SELECT oid FROM pg_database WHERE datname = current_database()) || '.'
        || 'realtime_topic'::regclass::oid
"""
"""Cluster, timeline, database and table: a restored dump has others, and so has a promoted standby."""
_MARK = "realtime.newest"
_MARK_KEPT_S = 30 * 86_400


@dataclass
class _Checked:
    """Whether this process has verified that the log is still the same."""

    once: bool = False


_checked = _Checked()


class NoEpoch(Exception):
    """The log has no epoch: `manage.py migrate` has not run, or a restore of the database is in progress."""


def current(*, check: bool = False) -> str:
    """Return the epoch of the log. Raises NoEpoch; a new epoch would collide with the rows of a running restore.

    The first call in a process, and a call with `check`, verifies that the database is still the one in which the epoch
    began. If it is not, an unannounced backup was restored, and a new epoch begins.
    """
    value, identity = _row()
    if _checked.once and not check:
        return value
    is_first, _checked.once = not _checked.once, True
    actual = _identity()
    if actual and actual != identity:
        return begin(instead_of=value, why=RESTORED, at=now())
    if is_first and _lost_the_newest(value):
        return begin(instead_of=value, why=WENT_BACK, at=now())
    return value


def begun_at() -> datetime:
    """Return when the epoch began; the log has just been verified to be the same."""
    current(check=True)
    return Epoch.objects.values_list("begun_at", flat=True).get()


def known_as(value: str | None) -> str:
    """Return the epoch that a statement read along with other values, verified once in a process."""
    return value if value and _checked.once else current()


def begin(*, instead_of: str, why: str, at: datetime) -> str:
    """Begin an epoch in place of the known one, unless another process did so; return the valid epoch."""
    value = uuid7().hex
    fields: dict[str, Any] = {"value": value, "identity": _identity(), "begun_at": at}
    with transaction.atomic():
        is_ours = Epoch.objects.filter(pk=THE_ONE, value=instead_of).update(**fields)
        if is_ours:
            record(Acts.EPOCH_BEGUN, subject="log", by=None, at=at, why=why)
    if not is_ours:
        return current()
    metrics.epochs.labels(why).inc()
    if why != ASKED:
        logger.critical(
            "THE DATABASE WAS PUT BACK to an earlier moment (%s), and no operator has said so: epoch %s has begun, "
            "all phones start anew. See “Backups” in docs/operations.md.",
            why,
            value,
        )
    return value


def note_newest(heads: Mapping[str, int], epoch: str) -> None:
    """Store outside the database the head of one of its topics: Redis is not restored together with it."""
    for topic, head in heads.items():
        try:
            cache.set(_MARK, [epoch, topic, head], _MARK_KEPT_S)
        except Exception as error:
            logger.warning("the newest event could not be noted: %r", error)


def _lost_the_newest(epoch: str) -> bool:
    """Tell whether the database lacks the newest known events of this epoch, even after a stop of all processes."""
    try:
        kept = cache.get(_MARK)
    except Exception as error:  # without the cache this check is skipped
        logger.warning("nothing is known of the newest event: %r", error)
        return False
    if not isinstance(kept, list) or len(kept) != 3 or kept[0] != epoch:
        return False
    head = Topic.objects.filter(name=kept[1]).values_list("head", flat=True).first()
    return head is None or head < kept[2]


def begin_first(*, apps: Any = installed, **_: Any) -> None:
    """Begin the first epoch of a database that has none: after each `migrate`, and after a test has emptied it."""
    if "epoch" not in apps.all_models["realtime"]:  # `migrate` went back to a state before epochs
        return
    fields = {"value": uuid7().hex, "identity": _identity(), "begun_at": now()}
    Epoch.objects.get_or_create(pk=THE_ONE, defaults=fields)


def _row() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        row: tuple[str, str] | None = cursor.fetchone()
    if row is None:
        raise NoEpoch
    return row


def _identity() -> str:
    """Return the identity that a restored copy does not share; empty where the database has none."""
    if not on_postgresql():
        return _of_file()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_IDENTITY)
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.warning("the server does not say which database this is: %r", error)
        return ""


def _of_file() -> str:
    """Return the inode of SQLite's file: a replaced file has another one."""
    try:
        return f"file.{Path(str(connection.settings_dict['NAME'])).stat().st_ino}"
    except OSError:  # an in-memory database
        return ""
