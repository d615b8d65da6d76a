"""Notes whom a leader was shown on the list of those asked."""

from datetime import datetime

from backend.accounts.models import User
from backend.dispatch.schemas import RecipientPage
from backend.volunteers.models import LookedAt
from backend.volunteers.services.access_log import note_access_by_number


def note_recipients(page: RecipientPage, *, viewer: User, at: datetime) -> None:
    """Note for every volunteer on the page that a leader saw the line; of those not reached, the phone was whole."""
    whole = {int(line.volunteer) for line in page.items if line.not_reached}
    others = {int(line.volunteer) for line in page.items} - whole
    for what, numbers in ((LookedAt.PHONE, whole), (LookedAt.PROFILE, others)):
        if numbers:
            note_access_by_number(viewer_user_id=viewer.pk, numbers=numbers, what=what, at=at)
