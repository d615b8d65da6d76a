"""Reads posts and their holders."""

from datetime import datetime

from backend.volunteers.models import Post, Unit


def posts_in(unit: Unit, *, at: datetime) -> list[Post]:
    """Return the posts of a unit that are held at `at`, with their holders, by seat; one query."""
    return list(unit.posts.current(at).select_related("volunteer").order_by("seat"))
