"""Answers the hooks of units and volunteers, for tasks and the parts in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.dispatch.own_data import assignments_of, check_no_open_task, erase_words
from backend.dispatch.services.departures import give_back_when_committed
from backend.dispatch.services.merging import require_no_part
from backend.dispatch.services.renumbering import tell_again
from backend.dispatch.services.retirement import give_tasks
from backend.volunteers import hooks
from backend.volunteers.models import Unit, Volunteer

_DEVICES = "who is asked is read from the devices each time"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "who takes part in a task goes on with it off duty",
    "volunteers.unit_retired": "the tasks went to the successor before the units were locked",
    "volunteers.membership_ended": "a part in a task is the volunteer's, in whichever unit they were asked",
    "volunteers.consents_withdrawn": "who takes part in a task is tracked while they agree, asked each time",
    "volunteers.post_given": "who may direct a task is read each time",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.unit_retiring.answered_by("dispatch")
def hand_over_tasks(unit: Unit, successor: Unit, *, at: datetime) -> None:
    """Give the unit's tasks to the successor."""
    give_tasks(unit, successor, at)


@hooks.standing_changed.answered_by("dispatch")
def give_back(volunteer: Volunteer, *, act: Act) -> None:
    """Give back the places of a volunteer who is no longer in service, after the commit."""
    if not volunteer.is_in_service:
        give_back_when_committed(volunteer, at=act.at)


@hooks.number_changed.answered_by("dispatch")
def tell_parts_again(volunteer: Volunteer, *, before: int, act: Act) -> None:
    """Tell on the new topic how the volunteer's parts stand, where the last event has not arrived."""
    tell_again(volunteer, before, act)


@hooks.merging.answered_by("dispatch")
def refuse_while_on_task(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Refuse while tasks depend on the duplicate."""
    require_no_part(gone, act.at)


@hooks.erasing.answered_by("dispatch")
def refuse_while_accepted(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """Refuse while a task counts on the volunteer, and lock those that could; say that service records are kept."""
    check_no_open_task(volunteer, at)
    return ["Which tasks the number was asked for and took part in: service records are kept 10 years."]


@hooks.erased.answered_by("dispatch")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Take out what the volunteer wrote, and give back, after the commit, what they were offered."""
    erase_words(volunteer, act.at)
    give_back_when_committed(volunteer, at=act.at)


@hooks.exporting.answered_by("dispatch")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return every part of the volunteer in tasks."""
    return {"assignments": assignments_of(volunteer)}
