"""What becomes of positions when something happens to volunteers, and what volunteers have to ask of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from backend.accounts.models import User
from backend.realtime.log import Announcement
from backend.tracking.judging import tracked_now
from backend.tracking.models import LatestPosition
from backend.tracking.positions import forget
from backend.tracking.services.trackers import revoke_trackers
from backend.volunteers import hooks
from backend.volunteers.models import Purpose, Volunteer

_DEVICES = "positions are taken by duty and tasks, which end with the last device"
_BY_VOLUNTEER = "positions and trackers are the volunteer's, in whichever unit"
_BY_PRIVACY = "privacy reads and deletes tracks and trackers itself, by all numbers that the person had"
NOT_CONCERNED = {
    "accounts.device_signed_in": _DEVICES,
    "accounts.devices_ending": _DEVICES,
    "accounts.devices_signed_out": _DEVICES,
    "volunteers.unit_retiring": _BY_VOLUNTEER,
    "volunteers.unit_retired": _BY_VOLUNTEER,
    "volunteers.membership_ended": _BY_VOLUNTEER,
    "volunteers.erasing": _BY_PRIVACY,
    "volunteers.erased": _BY_PRIVACY,
    "volunteers.exporting": _BY_PRIVACY,
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.duty_ended.answered_by("tracking")
def take_off_the_map(volunteers: Sequence[Volunteer], *, at: datetime) -> None:
    """Take volunteers off the map: a task that they are on shows them again with their next position."""
    forget([volunteer.number for volunteer in volunteers], at=at)


@hooks.standing_changed.answered_by("tracking")
def take_off_who_rests(volunteer: Volunteer, *, by: User | None, at: datetime) -> Sequence[Announcement]:
    """Take off the map who was suspended or has retired: on duty or on a task."""
    if not volunteer.is_in_service:
        forget([volunteer.number], at=at)
    return ()


@hooks.consents_withdrawn.answered_by("tracking")
def stop_tracking(volunteer: Volunteer, purposes: frozenset[Purpose], *, at: datetime) -> None:
    """Take off the map who no longer agrees to being located."""
    if Purpose.LOCATION in purposes:
        forget([volunteer.number], at=at)


@hooks.number_changed.answered_by("tracking")
def forget_old_number(volunteer: Volunteer, *, before: int, at: datetime) -> None:
    """Take the old number off the maps at once; the next position puts the new number there.

    Tracks keep the old number: a fix that is still under way would be stored under it all the same.
    """
    forget([before], at=at)


@hooks.merging.answered_by("tracking")
def end_tracking(kept: Volunteer, gone: Volunteer, *, by: User, at: datetime) -> Sequence[Announcement]:
    """Take the record that goes off the map, and end its trackers; its tracks stay in its name."""
    forget([gone.number], at=at)
    revoke_trackers(user=gone.user, at=at)
    return ()


@hooks.tracked_among.answer
def tracked_among(numbers: Collection[int], at: datetime) -> Collection[int]:
    """Return of whom positions are taken now: what positions are judged by says so. One query for each reason."""
    return tracked_now(numbers, at).keys()


@hooks.last_positions.answer
def last_positions(numbers: Collection[int]) -> Mapping[int, datetime]:
    """Return when volunteers last told where they are; one query."""
    return dict(LatestPosition.objects.filter(person__in=numbers).values_list("person", "at"))
