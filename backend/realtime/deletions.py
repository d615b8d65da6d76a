"""Tells the room that keeps the report of retention what was deleted."""

from datetime import datetime

from backend.realtime.registry import registry


def report_deleted(kind: str, count: int, *, at: datetime) -> int:
    """Report how many of a kind were deleted, and return it; none of them says that the clock has looked."""
    for note in registry.deletions:
        note(kind, count, at)
    return count


def report_any_deleted(kind: str, count: int, *, at: datetime) -> int:
    """Report as `report_deleted` does, and leave out what is looked after every minute and found none."""
    return report_deleted(kind, count, at=at) if count else count
