"""Why a sign-in is not done, or not yet."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.accounts.schemas.second_factors import SecondFactorAsked
from backend.accounts.schemas.sign_in import PersonAsked
from backend.lib.errors import Refusal


class SecondFactorNeeded(Refusal):
    """The password is right; now show the second factor: `second_factor` says how."""

    status = 401
    slug = "second-factor-needed"
    text = _("The password is right. Now enter the code of the second factor.")

    def __init__(self, asked: SecondFactorAsked) -> None:
        super().__init__()
        self.asked = asked

    @property
    def members(self) -> Mapping[str, Any]:
        """What the problem says beyond the ordinary."""
        return {"second_factor": self.asked.model_dump(mode="json")}


class PersonNeeded(Refusal):
    """The password is that of several people of this phone; now say which of them signs in: `person` has them."""

    status = 401
    slug = "person-needed"
    text = _("Several people of this phone have this password. Choose who you are.")

    def __init__(self, asked: PersonAsked) -> None:
        super().__init__()
        self.asked = asked

    @property
    def members(self) -> Mapping[str, Any]:
        """What the problem says beyond the ordinary."""
        return {"person": self.asked.model_dump(mode="json")}


class ChoiceOver(Refusal):
    """This choice has waited too long, is done, or is another device's; begin again with the password."""

    status = 401
    slug = "choice-over"
    text = _("This sign-in has waited too long, or is done. Begin again with the password.")


class FullSignInNeeded(Refusal):
    """This person has rights over others, and shows the password each time that they go on in this browser."""

    status = 403
    slug = "full-sign-in-needed"
    text = _("This person holds a post, and has to enter the password.")


class IntroducedSession(Refusal):
    """This device was signed in by a code that another person has seen; sign in on it with the password first."""

    status = 403
    slug = "introduced-session"
    text = _(
        "On this device you signed in by a code that another person has seen. Sign in with your password to do this."
    )


class HoldsPost(Refusal):
    """This person has rights over others, and signs in and out with the password alone."""

    slug = "holds-post"
    text = _("This person holds a post. They sign in with their password, and sign their own devices out.")


class ChallengeOver(Refusal):
    """This sign-in has waited too long, or is done; begin again with the password."""

    status = 401
    slug = "challenge-over"
    text = _("This sign-in has waited too long, or is done. Begin again with the password.")


class SecondFactorConfirmed(Refusal):
    """An authenticator is set up already; remove it first, with a code of it."""

    slug = "second-factor-confirmed"
    text = _("An authenticator app is set up already.")


class NoWayToSend(Refusal):
    """There is no other device on which this person is signed in; ask your leader for an invitation."""

    slug = "no-way-to-send"
    text = _("You are signed in on no other device. Ask your leader for an invitation.")
