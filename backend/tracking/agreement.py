"""The time since which a volunteer's consent allows tracking."""

from datetime import datetime, timedelta

DRIFT = timedelta(minutes=2)
"""Tolerated clock drift of a phone, at either end of the time in which its fixes are taken."""


def agreed_since(since: datetime, agreed_at: datetime) -> datetime:
    """Return the start of tracking for a window that began at `since` and a consent of `agreed_at`.

    Clock drift is tolerated at the beginning of a duty, but not before a consent.
    """
    return since if agreed_at <= since else agreed_at + DRIFT


def not_agreed_until(since: datetime, until: datetime, agreed_at: datetime | None) -> datetime:
    """Return the end of the part without consent, in a time that began at `since`; None: no consent until its end."""
    return until if agreed_at is None else max(since, min(until, agreed_since(since, agreed_at)))
