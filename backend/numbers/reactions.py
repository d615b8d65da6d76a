"""Answers the hooks of units, for their blocks of numbers."""

from datetime import datetime

from backend.accounts.acting import Act
from backend.numbers.services.number_blocks import hand_over, lock_blocks
from backend.volunteers import hooks
from backend.volunteers.models import Unit

_DEVICES = "a number is its volunteer's, on whichever device"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "a number says nothing of duty",
    "volunteers.membership_ended": "a number is for life, in whichever unit",
    "volunteers.standing_changed": "a number stays its volunteer's",
    "volunteers.number_changed": "the old number is an alias, which the look-up reads; the walk-in is of the record",
    "volunteers.merging": "the walk-in stays with the record that came by it, whose number leads to the other",
    "volunteers.consents_withdrawn": "no purpose is asked for by a number",
    "volunteers.erasing": "the numbers stay, and lead to no name any more",
    "volunteers.erased": "the numbers stay, and lead to no name any more",
    "volunteers.exporting": "a volunteer's own numbers are in the export of the rooms below",
    "volunteers.post_given": "numbers and blocks do not depend on posts",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.unit_retiring.answered_by("numbers")
def lock_what_is_left(unit: Unit, successor: Unit, *, at: datetime) -> None:
    """Lock the blocks of the unit."""
    lock_blocks(unit)


@hooks.unit_retired.answered_by("numbers")
def give_blocks(unit: Unit, successor: Unit, *, act: Act) -> None:
    """Give the blocks to the successor."""
    hand_over(unit, successor)
