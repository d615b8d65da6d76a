"""Moves what is kept of a person under one number to another."""

from collections.abc import Iterable
from datetime import datetime

from backend.realtime import keys
from backend.realtime.access import move_changes
from backend.realtime.models import Receipt
from backend.realtime.positions import forget


def renumber(before: int, after: int, *, topics: Iterable[str], at: datetime) -> None:
    """Move receipts in these topics and the keys of acts from a number to one that nobody has had.

    The position is taken off the maps at once; the next fix puts the new number there. Tracks keep the old number: a
    fix that is still under way would be stored under it all the same. So do the events of the old topic.
    """
    forget([before], at=at)
    move_changes(f"person.{before:08d}", f"person.{after:08d}")
    Receipt.objects.filter(topic__in=list(topics), person=before).update(person=after)
    keys.move(before, after)
