"""Answers the hooks of units and volunteers, for duty desks, their plans and their hand-overs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.desks.queries.desks import kept_of
from backend.desks.services.desks import take_desk_away
from backend.desks.services.leaving import leave_all_plans, leave_plans, leave_where_unfit, move_to_kept
from backend.volunteers import hooks
from backend.volunteers.models import Unit, Volunteer

_DEVICES = "a shift is a person's, on whichever device"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "the duty of a volunteer and the duty desk of a unit are two things",
    "volunteers.unit_retiring": "a desk is locked by its unit, and ends when that is locked",
    "volunteers.number_changed": "shifts and hand-overs are of the record, not of its number",
    "volunteers.consents_withdrawn": "no purpose is asked for by standing in a plan",
    "volunteers.post_given": "who answers by a post is read each time",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.unit_retired.answered_by("desks")
def end_desk(unit: Unit, successor: Unit, *, act: Act) -> None:
    """End the desk of a unit that is no more, with its plan; the successor keeps its own."""
    take_desk_away(unit, act=act)


@hooks.membership_ended.answered_by("desks")
def leave_plans_above(
    unit: Unit, volunteers: Sequence[Volunteer], *, was_primary: bool, reason: str, act: Act
) -> None:
    """Take those who left out of the plans of units that they belong to no more."""
    leave_where_unfit(unit, volunteers, act=act)


@hooks.standing_changed.answered_by("desks")
def leave_when_retired(volunteer: Volunteer, *, act: Act) -> None:
    """Take a volunteer who has retired out of every plan; one who is suspended is represented by the deputy."""
    if volunteer.has_retired:
        leave_plans(volunteer, cause="retired", act=act)


@hooks.merging.answered_by("desks")
def move(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Give the shifts and hand-overs of the duplicate to the record that is kept."""
    move_to_kept(gone, kept)


@hooks.erasing.answered_by("desks")
def say_what_is_kept(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """Say that hand-overs stay for their time."""
    return ["What you handed over at a duty desk, for a year, without your name."]


@hooks.erased.answered_by("desks")
def leave(volunteer: Volunteer, *, act: Act) -> None:
    """Take the person out of every plan, and out of what was planned before."""
    leave_all_plans(volunteer, act=act)


@hooks.exporting.answered_by("desks")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return the shifts and hand-overs."""
    return {"desks": kept_of(volunteer)}
