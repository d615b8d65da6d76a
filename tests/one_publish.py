"""Shows whether a transaction publishes once, and last: watched in every test.

Topics are locked when an act publishes, all together and behind everything else; a second act in the same transaction,
or a row that is written afterwards, could wait for another that waits for these topics.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from backend.accounts import acting
from backend.realtime.log import Announcement, publish_all
from tests.lock_order import is_in_act

BEHIND = {
    "dispatch_notice": "the numbers of the events that were published",
    "dispatch_assignment": "by which of them a volunteer was told last; the task is locked",
    "realtime_keyedact": "what the request came to; its key was locked first",
    "volunteers_accessentry": "who was shown the answer; rows that are only added",
}
"""What is written behind the news, each with its reason."""
_WRITES = re.compile(
    r"\b(?:INSERT INTO|DELETE FROM|UPDATE) \"?(\w+)\"?|FROM \"?(\w+)\"?.* FOR (?:NO KEY )?UPDATE", re.DOTALL
)
breaches: list[str] = []
"""What was published or written too late since a test last looked."""


def watch() -> None:
    """Watch every act and connection from now on, and forget what was published when the transaction is over."""
    leave = transaction.Atomic.__exit__

    def publish_and_note(announcements: Iterable[Announcement], *, at: datetime) -> list[int]:
        given, connection = list(announcements), transaction.get_connection()
        if given and connection.__dict__.pop("published", False):
            breaches.append("a transaction publishes twice")
        seqs = publish_all(given, at=at)
        if given and is_in_act(connection):
            connection.__dict__["published"] = True
        return seqs

    def leave_and_forget(self: transaction.Atomic, *error: Any) -> None:
        try:
            leave(self, *error)
        finally:
            connection = transaction.get_connection(self.using)
            if not is_in_act(connection):
                connection.__dict__.pop("published", None)

    acting.publish_all = publish_and_note  # type: ignore[attr-defined]  # the name by which acts publish
    transaction.Atomic.__exit__ = leave_and_forget
    connection_created.connect(_watched, weak=False)


def _watched(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _note not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note)


def _note(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if context["connection"].__dict__.get("published") and (found := _WRITES.search(str(sql))):
        table = found[1] or found[2]
        if table not in BEHIND:
            breaches.append(f"{table} is written or locked behind the news: {str(sql)[:200]}")
    return execute(sql, params, many, context)
