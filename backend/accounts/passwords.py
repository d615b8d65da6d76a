"""Says whether a new password is good enough."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.lib.errors import Invalid
from backend.lib.names import plain_name


class NotOnesOwnDetails:
    """Refuses passwords with the person's number, phone or name in them: they stand on the card."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError."""
        if isinstance(user, User) and any(own in plain_name(password) for own in _details(user)):
            raise ValidationError(
                _("Your number, phone or name must not be in the password."), code="own_details"
            )

    def get_help_text(self) -> str:
        """Say the rule."""
        return _("Your number, phone or name must not be in the password.")


def require_good_password(user: User, password: str, *, field: str) -> None:
    """Raise Invalid that says at `field` each rule that the password breaks, in the language of the request."""
    if errors := broken_rules(user, password):
        raise Invalid(errors=[{"pointer": f"/{field}", "detail": error} for error in errors])


def broken_rules(user: User, password: str) -> list[str]:
    """Return what is wrong with a password, in the language of the request."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return list(error.messages)
    return []


def _details(user: User) -> list[str]:
    volunteer = getattr(user, "volunteer", None)
    own = [user.phone, volunteer.name if volunteer else ""]
    if volunteer and volunteer.number:  # who applies has none yet
        own.append(f"{volunteer.number:08d}")
    return [plain_name(one) for one in own if len(one) > 1]
