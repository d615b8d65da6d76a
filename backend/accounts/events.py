"""What happens to the account of a person, on the person's own topic."""

from uuid import UUID

from backend.lib.shapes import Instant, VolunteerNumber
from backend.realtime.events import Event


class InvitationAccepted(Event, type="invitation.accepted", topics=("person",)):
    """An invitation was accepted in this person's name: all devices that were signed in are signed out.

    `made_by` is the number of the leader who made it, null for an operator. An app whose person did not do it says so
    at once: the account is in other hands, and the unit above, or the operator, has to be told.
    """

    made_by: VolunteerNumber | None


class DeviceIntroduced(Event, type="device.introduced", topics=("person",)):
    """A device was signed in as this person by a code, which the leader `made_by` (by number) has seen.

    An app whose person did not do it says so at once, and offers to sign that device out: `device` is its id.
    """

    device: UUID
    name: str
    made_by: VolunteerNumber | None
    introduced_at: Instant


class SignInCode(Event, type="sign_in.code", topics=("person",)):
    """A sign-in as this person waits for a code: show it, and until when it is good. It works once.

    An app that did not ask says so: the password is known, and is to be changed.
    """

    code: str
    expires_at: Instant
