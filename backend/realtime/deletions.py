"""Reports deletions to the room that keeps the report of retention."""

from datetime import datetime

from backend.realtime.registry import registry


def report_deleted(kind: str, count: int, *, at: datetime) -> int:
    """Report how many rows of a kind were deleted, and return that number; a zero shows that the clock has looked."""
    for note in registry.deletions:
        note(kind, count, at)
    return count


def report_any_deleted(kind: str, count: int, *, at: datetime) -> int:
    """Report as `report_deleted` does, except a zero: for work that looks every minute."""
    return report_deleted(kind, count, at=at) if count else count
