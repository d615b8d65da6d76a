"""Builds what apps send."""

from datetime import datetime, timedelta
from typing import Any

from uuid6 import uuid7


def task_body(unit: str, at: datetime, /, **changes: Any) -> dict[str, Any]:
    """Return a new task of a unit: two people for a patrol in two hours, answers within one."""
    return {
        "id": str(uuid7()),
        "unit": unit,
        "category": "patrol",
        "title": "Evening patrol",
        "place": {"name": "School gate", "lon": 119.89, "lat": 29.45, "datum": "wgs84"},
        "starts_at": (at + timedelta(hours=2)).isoformat(),
        "answer_by": (at + timedelta(hours=1)).isoformat(),
        "headcount": 2,
    } | changes
