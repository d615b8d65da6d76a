"""Moves what is kept of a person under one number to another."""

from collections.abc import Iterable

from backend.realtime import keys
from backend.realtime.access import move_changes
from backend.realtime.models import Receipt


def renumber(before: int, after: int, *, topics: Iterable[str]) -> None:
    """Move receipts in these topics and the keys of acts from a number to one that nobody has had.

    The events of the old topic keep the old number.
    """
    move_changes(f"person.{before:08d}", f"person.{after:08d}")
    Receipt.objects.filter(topic__in=list(topics), person=before).update(person=after)
    keys.move(before, after)
