"""Answers the hooks of units and volunteers, for applications and transfers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.joining.queries import kept_of
from backend.joining.services import applications, transfers
from backend.volunteers import hooks
from backend.volunteers.models import Unit, Volunteer

_DEVICES = "applications and transfers are of people, not of their devices"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "applying and moving ask for no duty",
    "volunteers.membership_ended": "a transfer from the unit is refused when it is accepted: what it rests on is gone",
    "volunteers.number_changed": "applications and transfers are of the record, not of its number",
    "volunteers.consents_withdrawn": "no purpose is asked for by applying or moving",
    "volunteers.post_given": "rights that posts give are read each time",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.unit_retiring.answered_by("joining")
def lock_what_waits(unit: Unit, successor: Unit, *, at: datetime) -> None:
    """Lock the applications and transfers that wait in the unit."""
    applications.lock_waiting(unit)
    transfers.lock_open(unit)


@hooks.unit_retired.answered_by("joining")
def give_on(unit: Unit, successor: Unit, *, act: Act) -> None:
    """Give the applications to the successor, and withdraw the transfers."""
    applications.hand_over(unit, successor)
    transfers.withdraw_open(transfers.transfers_with(unit), act=act)


@hooks.standing_changed.answered_by("joining")
def end_transfers(volunteer: Volunteer, *, act: Act) -> None:
    """Withdraw the transfers of a volunteer who has retired."""
    if volunteer.has_retired:
        transfers.withdraw_open(volunteer.transfers.all(), act=act)


@hooks.merging.answered_by("joining")
def move(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Withdraw the open transfers of the duplicate; decided ones belong to the record that is kept from now on."""
    applications.move_to_kept(gone, kept)
    transfers.move_to_kept(gone, kept, act=act)


@hooks.erasing.answered_by("joining")
def say_what_is_kept(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """Say that transfers stay."""
    return ["That your number moved between units."]


@hooks.erased.answered_by("joining")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Take the person out of their applications, and withdraw their transfers."""
    applications.erase_applications(volunteer)
    transfers.withdraw_open(volunteer.transfers.all(), act=act)


@hooks.exporting.answered_by("joining")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return the applications and transfers."""
    return {"joining": kept_of(volunteer)}
