"""Makes what clients send to a desk."""

from datetime import datetime, timedelta
from typing import Any

from uuid6 import uuid7

from backend.accounts.models import User
from backend.desks.models import Shift
from backend.desks.schemas import ShiftIn
from backend.desks.services.shifts import add_shift
from backend.volunteers.models import Unit, Volunteer

HOUR = timedelta(hours=1)


def number(person: Volunteer) -> str:
    """Return a person's number as clients write it."""
    return f"{person.number:08d}"


def wanted(person: Volunteer, deputy: Volunteer | None = None, **when: Any) -> ShiftIn:
    """Return a shift as a client sends it."""
    body = {"id": str(uuid7()), "volunteer": number(person), "deputy": number(deputy) if deputy else None}
    return ShiftIn.model_validate(body | when)


def once(since: datetime, until: datetime, **more: Any) -> dict[str, Any]:
    """Return that a shift is once."""
    return {"once": {"from_at": since.isoformat(), "until_at": until.isoformat(), **more}}


def weekly(weekday: int, start: str, end: str, since: str = "2015-03-01", until: str | None = None) -> Any:
    """Return that a shift is weekly."""
    return {
        "weekly": {"weekday": weekday, "start": start, "end": end, "from_date": since, "until_date": until}
    }


def planned(
    unit: Unit, by: User, at: datetime, person: Volunteer, deputy: Volunteer | None = None, **when: Any
) -> Shift:
    """Put a shift into the plan."""
    return add_shift(unit=unit, wanted=wanted(person, deputy, **when), by=by, at=at).row
