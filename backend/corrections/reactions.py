"""Answers the hooks of volunteers, for the history of their records."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.corrections import services
from backend.corrections.queries import kept_of
from backend.volunteers import hooks
from backend.volunteers.models import Volunteer

_DEVICES = "a correction is of a record, not of its devices"
_FORMATION = "the history of a record does not depend on units"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "correcting a record asks for no duty",
    "volunteers.unit_retiring": _FORMATION,
    "volunteers.unit_retired": _FORMATION,
    "volunteers.membership_ended": _FORMATION,
    "volunteers.standing_changed": "the record of a suspended or retired person is corrected too",
    "volunteers.number_changed": "corrections are of the record, not of its number",
    "volunteers.consents_withdrawn": "names and phones are kept for the service, not by a consent",
    "volunteers.post_given": "the history of a record does not depend on posts",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.merging.answered_by("corrections")
def move(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Give the history of the duplicate to the record that is kept."""
    services.move_to_kept(gone, kept)


@hooks.erasing.answered_by("corrections")
def say_what_is_kept(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """Say that nothing is kept."""
    return []


@hooks.erased.answered_by("corrections")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Delete the history with the names and phones in it."""
    services.forget(volunteer)


@hooks.exporting.answered_by("corrections")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return what was corrected."""
    return {"corrections": kept_of(volunteer)}
