"""Answers the hooks for rosters: numbers that wait in imports, and what files say of people who end."""

from collections.abc import Collection

from backend.accounts.acting import Act
from backend.numbers.hooks import waiting_numbers
from backend.rosters.models import NewcomerNumber
from backend.rosters.services import differences
from backend.volunteers import hooks
from backend.volunteers.models import Volunteer

_STAGED = "an import has people who are no volunteers yet"
_DEVICES = "an import is its maker's, on whichever device"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": _STAGED,
    "volunteers.unit_retiring": "who brings an import in looks where its units' members are then",
    "volunteers.unit_retired": "who brings an import in looks where its units' members are then",
    "volunteers.membership_ended": _STAGED,
    "volunteers.standing_changed": _STAGED,
    "volunteers.number_changed": _STAGED,
    "volunteers.consents_withdrawn": _STAGED,
    "volunteers.erasing": _STAGED,
    "volunteers.exporting": "what a file says is gone within a week, or is a correction, which the export has",
    "volunteers.post_given": "rights that posts give are read each time",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@waiting_numbers.answer
def waiting_among(numbers: Collection[int]) -> set[int]:
    """Return those of the numbers that people of an import are going to have."""
    return set(NewcomerNumber.objects.filter(number__in=numbers).values_list("number", flat=True))


@hooks.merging.answered_by("rosters")
def move(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Give what files say of the duplicate to the record that is kept."""
    differences.move_to_kept(gone, kept)


@hooks.erased.answered_by("rosters")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Delete what files say of the person."""
    differences.forget(volunteer)
