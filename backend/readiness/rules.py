"""The rules of waking people: who speaks for a person, who ends that, and who sees it."""

from datetime import datetime

from backend.accounts.models import User
from backend.volunteers.grants import OWN, Grant
from backend.volunteers.models import Volunteer
from backend.volunteers.rules import may_keep_records_of, may_look_after


def may_note_word(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who look after a person note what the person has said; never for themselves."""
    return may_keep_records_of(user, volunteer, at)


def may_end_word(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Let the person at any time, and leaders who look after the person."""
    return OWN if volunteer.user_id == user.pk else may_look_after(user, volunteer, at)


def may_see_waking(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Show it to the person, and to leaders who look after the person: a no comes before their yes."""
    return may_end_word(user, volunteer, at)
