"""Notes which caller asked for the person of a number."""

from datetime import datetime

from backend.accounts.models import User
from backend.numbers.schemas import NumberOut
from backend.volunteers.models import LookedAt
from backend.volunteers.services.access_log import note_access_by_number


def note_look_up(found: NumberOut, *, by: User, at: datetime) -> None:
    """Note that the caller asked for the person of a number and was told a name."""
    if found.name is not None:
        numbers = [int(number) for number in (found.number, found.now) if number]
        note_access_by_number(viewer_user_id=by.pk, numbers=numbers, what=LookedAt.PROFILE, at=at)
