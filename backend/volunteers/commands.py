"""The socket's door to people."""

from datetime import datetime

from backend.realtime.registry import command
from backend.volunteers import services
from backend.volunteers.models import User
from backend.volunteers.schemas import DutyIn, DutyOut


@command("duty.set", body=DutyIn, result=DutyOut)
def set_duty(user: User, body: DutyIn, at: datetime) -> DutyOut:
    """Go on or off duty."""
    return services.set_duty(on=body.on, until=body.until, by=user, at=at)
