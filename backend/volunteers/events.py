"""What happens to people."""

from backend.lib.wire import VolunteerNumber
from backend.realtime.events import Event
from backend.volunteers.schemas import DutyOut


class NumberChanged(Event, type="number.changed", topics=("person",)):
    """You have a number for life now; the temporary one, `before`, still leads to you.

    The last event of this topic. The socket closes with 4403 right after it, but you are still signed in: renew the
    token, forget the cursors, and connect; the topic of the new number comes with its snapshot.
    """

    before: VolunteerNumber
    number: VolunteerNumber


class DutyChanged(Event, type="duty.changed", topics=("person",)):
    """This volunteer went on or off duty, by hand or because the maximum length was reached."""

    volunteer: VolunteerNumber
    duty: DutyOut
