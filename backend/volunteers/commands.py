"""Commands of the socket for people."""

from collections.abc import Sequence
from datetime import datetime

from backend.accounts.models import User
from backend.realtime.registry import Call, command
from backend.volunteers import services
from backend.volunteers.queries.me import own_duty
from backend.volunteers.schemas import DutyIn, DutyOut


def read_duty(calls: Sequence[Call]) -> list[DutyOut]:
    """Return the duty of those who repeat."""
    return [own_duty(call.user, at=call.at) for call in calls]


@command("duty.set", body=DutyIn, result=DutyOut, read=read_duty)
def set_duty(user: User, body: DutyIn, at: datetime) -> DutyOut:
    """Go on or off duty."""
    return services.set_duty(on=body.on, until=body.until, by=user, at=at)
