"""Why an act on an occasion or on collective papers is not done."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.lib.errors import SENT_BEFORE, Refusal


class OccasionIdTaken(Refusal):
    """There is an occasion with this id already, and it is not the same."""

    slug = "occasion-id-taken"
    text = SENT_BEFORE


class PolicyIdTaken(Refusal):
    """There is a policy with this id already, and it is not the same."""

    slug = "policy-id-taken"
    text = SENT_BEFORE


class SheetIdTaken(Refusal):
    """There is a sheet with this id already, and it is not the same."""

    slug = "sheet-id-taken"
    text = SENT_BEFORE


class OccasionOver(Refusal):
    """The occasion is over or was closed, or it does not run when the task starts: its papers hold no more."""

    slug = "occasion-over"
    text = _("This occasion is over, or does not run then. Its papers hold no longer. Open another occasion.")


class PolicyOver(Refusal):
    """The policy is over, was ended, or its occasion is over: it insures no more people."""

    slug = "policy-over"
    text = _("This policy is over. Note another one.")


class NoInsuredPlace(Refusal):
    """The policy insures fewer people than would be on it; the member `left` says how many places are free."""

    slug = "no-insured-place"
    text = _("This policy insures too few people. Places that are free: %(left)s.")

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    @property
    def members(self) -> Mapping[str, Any]:
        """The places that are free."""
        return {"left": self.left}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The places that are free."""
        return {"left": self.left}


class PaperOfOneself(Refusal):
    """A desk enters no paper of the caller, and a trainer is not among the people of the briefing."""

    slug = "paper-of-oneself"
    text = _("Your own papers are entered by another desk, and a trainer does not train themselves.")


class TrainerNotEntitled(Refusal):
    """The trainer has neither a post that manages the occasion's unit nor a training of their own in force."""

    slug = "trainer-not-entitled"
    text = _("The trainer needs a post that manages this unit, or a valid training of their own.")


class KnownMinor(Refusal):
    """A date of birth on record says that a person is under 18; `errors` names the places in the list."""

    slug = "known-minor"
    text = _("By the date of birth on record one of these people is under 18. Take them off the list.")


class TooManyDesks(Refusal):
    """An occasion has 50 desks at most: end one first."""

    slug = "too-many-desks"
    text = _("An occasion has 50 desks at most. End one first.")
