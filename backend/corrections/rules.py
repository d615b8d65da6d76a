"""Rules of corrections."""

from datetime import datetime

from backend.accounts.models import User
from backend.corrections.models import Part
from backend.volunteers.grants import Grant
from backend.volunteers.models import Volunteer
from backend.volunteers.rules import may_keep_records_of, may_look_after, may_manage_wholly


def may_correct(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who look after a person correct their record, never their own."""
    return may_keep_records_of(user, volunteer, at)


def may_change_way_in(user: User, volunteer: Volunteer, part: Part, at: datetime) -> bool:
    """Tell whether a leader may change this part although it is a way to sign in, as a phone is.

    Such a leader is over every unit and every post of the person, as for a code of an invitation.
    """
    return part != Part.PHONE or may_manage_wholly(user, volunteer, at)


def may_read(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Tell whether a user is the person, or looks after them."""
    return volunteer.user_id == user.pk or bool(may_look_after(user, volunteer, at))
