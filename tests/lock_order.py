"""Shows whether rows are locked in one order: every test that runs on PostgreSQL is watched.

`ORDER` is that order. Two acts that lock the same rows in different orders wait for each other, and the database ends
one of them with an error that its caller sees.
"""

import re
from collections.abc import Callable
from pathlib import Path
from traceback import extract_stack
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

ORDER = (
    "formation",
    "dispatch_task",
    "dispatch_assignment",
    "papers_occasion",
    "papers_policy",
    "papers_line",
    "rosters_rosterimport",
    "joining_application",
    "accounts_user",
    "accounts_device",
    "volunteers_volunteer",
    "joining_transfer",
    "corrections_correction",
    "numbers_numberblock",
    "volunteers_post",
    "volunteers_credential",
    "volunteers_numbercounter",
    "volunteers_unit",
    "volunteers_unitcount",
    "realtime_topic",
)
_RANKS = {table: rank for rank, table in enumerate(ORDER)}
_LOCKS = re.compile(r'FROM "?(\w+)"?.* FOR (?:NO KEY )?UPDATE', re.DOTALL)
breaches: list[str] = []
"""What was locked out of order since a test last looked."""


def block_of_test() -> transaction.Atomic:
    """Return a block in which a test does several acts: what they lock is not one act's."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # as Django marks its own
    return block


def watch() -> None:
    """Watch every connection that is made from now on, and forget what an act has locked when another begins.

    What follows from a commit is an act of its own: it begins before the block of the first has been left.
    """
    connection_created.connect(_watched, weak=False)
    enter = transaction.Atomic.__enter__

    def forget_and_enter(self: transaction.Atomic) -> None:
        connection = transaction.get_connection(self.using)
        if not is_in_act(connection):
            connection.__dict__.pop("locked", None)
        enter(self)

    transaction.Atomic.__enter__ = forget_and_enter


def _watched(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql" and _note not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note)


def _note(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    text = sql if isinstance(sql, str) else ""
    if "FOR " in text and (found := _LOCKS.search(text)):
        is_tree = '"depth" =' in text  # see lock_formation
        _lock(context["connection"], "formation" if is_tree else found[1])
    return execute(sql, params, many, context)


def is_in_act(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether a block is open that no test has opened."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _lock(connection: BaseDatabaseWrapper, table: str) -> None:
    """Note that an act locks rows of a table: the outermost block that no test has opened is the act."""
    if table not in _RANKS or not is_in_act(connection):
        return
    held: list[str] = connection.__dict__.setdefault("locked", [])
    if table in held:
        return
    if late := [other for other in held if _RANKS[other] > _RANKS[table]]:
        breaches.append(f"{_act()}: {table} is locked after {', '.join(late)}")
    held.append(table)


def _act() -> str:
    """Return the function of the product that locks, and those that have called it."""
    frames = [frame for frame in extract_stack() if "/backend/" in frame.filename]
    return " > ".join(f"{Path(frame.filename).stem}.{frame.name}" for frame in frames[-6:])
