"""What an invitation gives."""

from backend.lib.shapes import Instant, Shape, VolunteerNumber


class InvitationMade(Shape):
    """An invitation to print; its code is never told again."""

    number: VolunteerNumber
    name: str
    code: str
    expires_at: Instant
