"""Answers the hooks of volunteers, for their badges and pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.badges.queries import kept_of
from backend.badges.services import end_badge, end_badges_of, erase_badges, forget_photo
from backend.volunteers import hooks
from backend.volunteers.models import Purpose, Unit, Volunteer

_DEVICES = "a badge is its holder's, on whichever device"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.duty_ended": "a badge says nothing of duty",
    "volunteers.unit_retiring": "a badge goes on to say the unit that it was issued in",
    "volunteers.unit_retired": "a badge goes on to say the unit that it was issued in",
    "volunteers.standing_changed": "checking a badge asks for the standing each time",
    "volunteers.number_changed": "a badge is its holder's, by the record; it is printed anew",
    "volunteers.post_given": "a badge names the unit, and no post",
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.membership_ended.answered_by("badges")
def end_badges(
    unit: Unit, volunteers: Sequence[Volunteer], *, was_primary: bool, reason: str, act: Act
) -> None:
    """Revoke the badges that name the unit; any badge of the volunteer who left the primary one."""
    end_badges_of(volunteers, unit=None if was_primary else unit, reason=reason, act=act)


@hooks.consents_withdrawn.answered_by("badges")
def forget_picture(volunteer: Volunteer, purposes: frozenset[Purpose], *, act: Act) -> None:
    """Delete the picture that a volunteer no longer wants shown."""
    if Purpose.PHOTO in purposes:
        forget_photo(volunteer)


@hooks.merging.answered_by("badges")
def end_with_record(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """End the badge of a record that was merged, and its picture: its person could neither see nor delete it."""
    end_badge(gone, reason="merged", act=act)
    forget_photo(gone)


@hooks.erasing.answered_by("badges")
def say_what_is_kept(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """Say that there was a badge."""
    return ["That badges with your number were issued, and until when."]


@hooks.erased.answered_by("badges")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """End the badge, and delete what was written and shown on it."""
    erase_badges(volunteer, act=act)


@hooks.exporting.answered_by("badges")
def export(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return the badges, and since when a picture is kept."""
    return {"badges": kept_of(volunteer)}
