"""Reads of realtime for the rooms above."""

from typing import Any

from django.db.models import QuerySet

from backend.realtime.models import Receipt


def receipts_at(*, topic: Any, person: Any) -> QuerySet[Receipt]:
    """Return the receipt of a person's phones in a topic, by one lookup in a unique index; both may be OuterRef."""
    return Receipt.objects.filter(topic=topic, person=person)
