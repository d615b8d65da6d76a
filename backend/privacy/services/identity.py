"""Lets volunteers name the identity that came to their record by a merge."""

from datetime import date
from hmac import compare_digest

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.signin import confirm_by
from backend.lib.encryption import lookup_key
from backend.lib.errors import CredentialsWrong, Refusal
from backend.volunteers.models import Volunteer


def is_identity_of(volunteer: Volunteer, *, id_card: str, born_on: date | None) -> bool:
    """Tell whether this is the identity on record: the card where there is one, else the date of birth."""
    if volunteer.id_card_key:
        named = lookup_key(id_card.strip().upper(), "id_card") if id_card.strip() else ""
        return compare_digest(named, volunteer.id_card_key)
    return volunteer.born_on is not None and volunteer.born_on == born_on


class IdentityWrong(Refusal):
    """This is not the identity card, or the date of birth, on your record."""

    status = 403
    slug = "identity-wrong"
    text = _("This is not what is on your record.")


def check_identity(request: HttpRequest, user: User, *, id_card: str, born_on: date | None) -> None:
    """Let a volunteer name the identity on their record. Wrong guesses count. Raises IdentityWrong, or TooMany."""
    volunteer = user.volunteer
    try:
        confirm_by(request, user, lambda: is_identity_of(volunteer, id_card=id_card, born_on=born_on))
    except CredentialsWrong as error:
        raise IdentityWrong from error
