"""Answers the hooks of units and volunteers, for the consent to be woken."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.readiness.queries import kept_of
from backend.readiness.services import ends
from backend.volunteers import hooks
from backend.volunteers.models import Unit, Volunteer

_DEVICES = "who has no device may be woken by telephone"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.unit_retiring": "leaders' words are locked with their volunteers, and go on after the unit has ended",
    "volunteers.number_changed": "what is said is kept by the record, not by its number",
    "volunteers.consents_withdrawn": "waking asks for no purpose of those: a woken person is not located",
    "volunteers.erasing": "nothing is kept of it",
    "volunteers.duty_ended": "being woken is what holds off duty",
    "volunteers.post_given": "what is said of waking is a person's, with or without a post",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.unit_retired.answered_by("readiness")
def hand_over(unit: Unit, successor: Unit, *, act: Act) -> None:
    """Let the leaders' words of the unit be those of its successor."""
    ends.hand_over(unit, successor)


@hooks.membership_ended.answered_by("readiness")
def end_words_of_unit(
    unit: Unit, volunteers: Sequence[Volunteer], *, was_primary: bool, reason: str, act: Act
) -> None:
    """End the words of leaders of the unit that was left."""
    ends.end_words_of_unit(unit, volunteers, act=act)


@hooks.standing_changed.answered_by("readiness")
def end_words(volunteer: Volunteer, *, act: Act) -> None:
    """End the leaders' words for a volunteer who has retired; a suspended one is not asked meanwhile."""
    if volunteer.has_retired:
        ends.end_all_words(volunteer, act=act)


@hooks.merging.answered_by("readiness")
def merge(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Keep what either record refuses."""
    ends.merge_words(kept, gone, act=act)


@hooks.erased.answered_by("readiness")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Delete all of it."""
    ends.erase_waking(volunteer)


@hooks.exporting.answered_by("readiness")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return all of it."""
    return {"waking": dict(kept_of(volunteer, at=at))}
