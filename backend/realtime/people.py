"""Operations on realtime's rows of a person: the move to another number, and the deletion."""

from collections.abc import Iterable, Sequence

from backend.realtime import keys
from backend.realtime.access import move_changes
from backend.realtime.log.trimming import trim_topics
from backend.realtime.models import KeyedAct, Receipt


def renumber(before: int, after: int, *, topics: Iterable[str]) -> None:
    """Move receipts in these topics and the keys of acts from a number to an unused one.

    The events of the old topic keep the old number.
    """
    move_changes(f"person.{before:08d}", f"person.{after:08d}")
    Receipt.objects.filter(topic__in=list(topics), person=before).update(person=after)
    keys.move(before, after)


def forget_people(numbers: Sequence[int]) -> None:
    """Delete realtime's rows of people, by their numbers: their own topics, receipts, and keys of acts."""
    trim_topics(f"person.{number:08d}" for number in numbers)
    Receipt.objects.filter(person__in=numbers).delete()
    KeyedAct.objects.filter(person__in=numbers).delete()
