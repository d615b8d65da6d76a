"""Reactions of tracking to events of volunteers, and its answers to their questions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from backend.accounts.acting import Act
from backend.tracking.judging import tracked_now
from backend.tracking.models import LatestPosition
from backend.tracking.positions import forget
from backend.tracking.services.trackers import revoke_trackers
from backend.tracking.services.withdrawn import erase_tracking
from backend.volunteers import hooks
from backend.volunteers.models import Purpose, Volunteer

_DEVICES = "positions are taken by duty and tasks, which end with the last device"
_BY_VOLUNTEER = "positions and trackers are the volunteer's, in whichever unit"
_BY_PRIVACY = "privacy reads tracks and trackers itself, by all numbers that the person had"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.unit_retiring": _BY_VOLUNTEER,
    "volunteers.unit_retired": _BY_VOLUNTEER,
    "volunteers.membership_ended": _BY_VOLUNTEER,
    "volunteers.erasing": "nothing is kept of it",
    "volunteers.exporting": _BY_PRIVACY,
    "volunteers.post_given": "positions are taken by duty and tasks, whatever posts are held",
}
"""The unanswered hooks of the rooms below, each with the reason."""


@hooks.duty_ended.answered_by("tracking")
def take_off_the_map(volunteers: Sequence[Volunteer], *, act: Act) -> None:
    """Take volunteers off the map: those on a task appear again with their next position."""
    forget([volunteer.number for volunteer in volunteers], at=act.at)


@hooks.standing_changed.answered_by("tracking")
def take_off_who_rests(volunteer: Volunteer, *, act: Act) -> None:
    """Take a volunteer off the map who was suspended or has retired: on duty or on a task."""
    if not volunteer.is_in_service:
        forget([volunteer.number], at=act.at)


@hooks.consents_withdrawn.answered_by("tracking")
def stop_tracking(volunteer: Volunteer, purposes: frozenset[Purpose], *, act: Act) -> None:
    """Take a volunteer off the map who no longer consents to tracking."""
    if Purpose.LOCATION in purposes:
        forget([volunteer.number], at=act.at)


@hooks.number_changed.answered_by("tracking")
def forget_old_number(volunteer: Volunteer, *, before: int, act: Act) -> None:
    """Take the old number off the maps at once; the next position puts the new number there.

    Tracks keep the old number: a fix in transit would be stored under it anyway.
    """
    forget([before], at=act.at)


@hooks.merging.answered_by("tracking")
def end_tracking(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Take the record that is merged away off the map, and end its trackers; its tracks keep its number."""
    forget([gone.number], at=act.at)
    revoke_trackers(user=gone.user, at=act.at)


@hooks.erased.answered_by("tracking")
def erase(volunteer: Volunteer, *, act: Act) -> None:
    """Take the volunteer off the map, and delete the tracks and trackers."""
    erase_tracking(volunteer, at=act.at)


@hooks.tracked_among.answer
def tracked_among(numbers: Collection[int], at: datetime) -> Collection[int]:
    """Return the people whose positions are taken now, by the rule that judges positions. One query for each reason."""
    return tracked_now(numbers, at).keys()


@hooks.last_positions.answer
def last_positions(numbers: Collection[int]) -> Mapping[int, datetime]:
    """Return the times of volunteers' last positions; one query."""
    return dict(LatestPosition.objects.filter(person__in=numbers).values_list("person", "at"))
