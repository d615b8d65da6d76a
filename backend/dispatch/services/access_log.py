"""Notes whom a leader was shown on the list of those asked."""

from collections.abc import Sequence
from datetime import datetime

from backend.accounts.models import User
from backend.dispatch.schemas import Recipient, RecipientPage
from backend.volunteers.models import LookedAt
from backend.volunteers.services.access_log import note_access_by_number


def note_recipients(page: RecipientPage, *, viewer: User, at: datetime) -> None:
    """Note for every volunteer on the page that a leader saw the line; of those not reached, the phone was whole."""
    note_phones([line for line in page.items if line.not_reached], viewer=viewer, at=at)
    others = {int(line.volunteer) for line in page.items if not line.not_reached}
    if others:
        note_access_by_number(viewer_user_id=viewer.pk, numbers=others, what=LookedAt.PROFILE, at=at)


def note_phones(lines: Sequence[Recipient], *, viewer: User, at: datetime) -> None:
    """Note for volunteers who have to be phoned that a leader saw the whole phone."""
    numbers = {int(line.volunteer) for line in lines}
    if numbers:
        note_access_by_number(viewer_user_id=viewer.pk, numbers=numbers, what=LookedAt.PHONE, at=at)
