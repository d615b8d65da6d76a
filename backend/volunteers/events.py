"""What happens to people."""

from backend.lib.wire import VolunteerNumber
from backend.realtime.events import Event
from backend.volunteers.schemas import DutyOut


class DutyChanged(Event, type="duty.changed", topics=("person",)):
    """This volunteer went on or off duty, by hand or because the maximum length was reached."""

    volunteer: VolunteerNumber
    duty: DutyOut
