"""Reads people's trackers."""

from datetime import datetime, timedelta

from django.db.models import Prefetch

from backend.accounts.models import User
from backend.tracking.models import Tracker, TrackerDay


def trackers_of(user: User, *, at: datetime) -> list[Tracker]:
    """Return a user's valid trackers, the newest first, with their unstored reports of a week."""
    week = TrackerDay.objects.filter(day__gt=at.date() - timedelta(days=7))
    good = user.trackers.good(at)
    return list(good.order_by("-created_at", "pk").prefetch_related(Prefetch("days", week)))
