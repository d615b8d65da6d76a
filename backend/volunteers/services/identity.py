"""Volunteers confirm an identity that came to their record by a merge."""

from datetime import datetime

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.volunteers.acts import Acts
from backend.volunteers.locks import volunteers_to_lock


@transaction.atomic
def confirm_identity(*, by: User, at: datetime) -> None:
    """Note that a volunteer has named the identity on the record, and that it was checked; again changes nothing."""
    volunteer = volunteers_to_lock().get(user=by)
    if not volunteer.identity_to_confirm:
        return
    volunteer.identity_to_confirm = False
    volunteer.save(update_fields=["identity_to_confirm"])
    with acting(by=by, at=at) as act:
        act.record(Acts.IDENTITY_CONFIRMED, f"volunteer.{volunteer.pk}")
