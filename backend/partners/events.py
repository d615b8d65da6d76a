"""What happens to partner organisations."""

from backend.partners.models import Shares
from backend.realtime.events import Event


class EmploymentChanged(Event, type="employment.changed", topics=("person",)):
    """You serve the partner of the unit as an employee from now on, or as a volunteer: read `GET /me` again."""

    unit: str
    employee: bool


class SharingChanged(Event, type="sharing.changed", topics=("unit",)):
    """The partner of the unit shares something else with those above it.

    Read `GET /units/{number}/sharing` again, and what you show of its people.
    """

    unit: str
    shares: Shares
