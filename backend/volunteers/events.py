"""What happens to people."""

from backend.lib.wire import Instant, VolunteerNumber
from backend.realtime.events import Event
from backend.volunteers.schemas import DutyOut


class DutyChanged(Event, type="duty.changed", topics=("person",)):
    """This volunteer went on or off duty, by hand or because the maximum length was reached."""

    volunteer: VolunteerNumber
    duty: DutyOut


class SignInCode(Event, type="sign_in.code", topics=("person",)):
    """Somebody signs in as this person and asked for a code: show it, and until when it is good. It works once.

    An app that did not ask says so: whoever did knows the password, which is to be changed.
    """

    code: str
    expires_at: Instant
