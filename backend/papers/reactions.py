"""Answers the hooks of units and volunteers, for occasions and collective papers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.papers.queries import kept_of
from backend.papers.services.occasions import give_occasions, lock_occasions
from backend.papers.services.people import erase_lines, move_lines
from backend.papers.services.policies import give_policies, lock_policies
from backend.volunteers import hooks
from backend.volunteers.models import Unit, Volunteer

_DEVICES = "papers are of people, not of their devices"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "papers hold for a time, on duty or off",
    "volunteers.membership_ended": "papers of an occasion are of people from anywhere; a call-out asks for membership",
    "volunteers.standing_changed": "a call-out asks for the standing itself; papers hold again when service does",
    "volunteers.number_changed": "lines are of the record, not of its number",
    "volunteers.consents_withdrawn": "the law asks for these papers, and no purpose of consent does",
    "volunteers.post_given": "a desk is named by its post, after it was given",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.unit_retiring.answered_by("papers")
def lock_what_goes_on(unit: Unit, successor: Unit, *, at: datetime) -> None:
    """Lock the occasions and policies of the unit."""
    lock_occasions(unit)
    lock_policies(unit)


@hooks.unit_retired.answered_by("papers")
def give_on(unit: Unit, successor: Unit, *, act: Act) -> None:
    """Give the occasions and policies to the successor."""
    give_occasions(unit, successor)
    give_policies(unit, successor)


@hooks.merging.answered_by("papers")
def move(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Give the lines of the duplicate to the record that is kept."""
    move_lines(gone, kept)


@hooks.erasing.answered_by("papers")
def say_what_is_kept(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """Say that lines stay, and the lists that were signed on paper."""
    return [
        "That the number was insured, trained, bound or of age on an occasion, and the lists signed there."
    ]


@hooks.erased.answered_by("papers")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Take out which documents were seen."""
    erase_lines(volunteer)


@hooks.exporting.answered_by("papers")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return the collective papers that name the volunteer, and the briefings that the volunteer gave."""
    return {"collective_papers": kept_of(volunteer)}
