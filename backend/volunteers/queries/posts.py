"""Reads who holds which post."""

from datetime import datetime

from django.db.models import Q

from backend.volunteers.models import Post, Unit


def posts_in(unit: Unit, *, at: datetime) -> list[Post]:
    """Return the posts of a unit that are held at `at`, with their holders, by seat; one query."""
    in_time = Q(from_at__lte=at) & (Q(until_at=None) | Q(until_at__gt=at))
    return list(Post.objects.filter(in_time, unit=unit).select_related("volunteer").order_by("seat"))
