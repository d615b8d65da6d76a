"""The report of what is deleted; everything else that privacy does begins with a volunteer's own act."""

from datetime import datetime

from backend.privacy.services.retention import note_deleted
from backend.realtime.registry import deletions

_KEEPS = "the report of retention knows no volunteer and no unit"
_CALLS = "privacy calls it: it erases and exports what the rooms below keep itself"
NOT_CONCERNED = {
    "accounts.device_signed_in": _KEEPS,
    "accounts.devices_signed_out": _KEEPS,
    "volunteers.duty_ended": _KEEPS,
    "volunteers.unit_retiring": _KEEPS,
    "volunteers.unit_retired": _KEEPS,
    "volunteers.membership_ended": _KEEPS,
    "volunteers.standing_changed": _KEEPS,
    "volunteers.number_changed": _KEEPS,
    "volunteers.merging": _KEEPS,
    "volunteers.consents_withdrawn": _KEEPS,
    "volunteers.erasing": _CALLS,
    "volunteers.erased": _CALLS,
    "volunteers.exporting": _CALLS,
    "volunteers.post_given": "rights that posts give are read each time",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@deletions
def note_what_was_deleted(kind: str, count: int, at: datetime) -> None:
    """Put what another room has deleted on the report."""
    note_deleted(kind, count, at=at)
