"""Rules of duty desks: who may see one, beside those who dispatch its unit."""

from datetime import datetime, timedelta

from backend.accounts.models import User
from backend.desks.models import Shift
from backend.volunteers.models import Unit
from backend.volunteers.rules import may_dispatch

AROUND_TURN = timedelta(hours=12)
"""So long before and after a turn the people of it hand over and take over."""


def may_see_desk(user: User, unit: Unit, at: datetime) -> bool:
    """Users who may dispatch the unit, and the people of its plan while they serve."""
    return bool(may_dispatch(user, unit, at)) or is_of_plan(user, unit, at)


def is_of_plan(user: User, unit: Unit, at: datetime) -> bool:
    """People in service with a shift at the desk that is not over for 12 hours."""
    volunteer = user.volunteer
    of_plan = Shift.objects.not_over(at - AROUND_TURN).of_person(volunteer).filter(unit=unit)
    return volunteer.is_in_service and of_plan.exists()
