"""Reads what was corrected in records."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from backend.accounts.models import User
from backend.accounts.queries import people_of_phone
from backend.corrections.models import PROVES_ITSELF_AFTER, Correction, Part
from backend.corrections.rules import may_read
from backend.corrections.schemas import CorrectionOut, Corrections
from backend.lib.errors import NotFound, require
from backend.volunteers.models import Volunteer

MOST = 100
"""Corrections of a list."""


def trusted_at(correction: Correction) -> datetime:
    """Return from when on the value counts as its person's own: once confirmed, or after 30 days."""
    stood_long = correction.at + PROVES_ITSELF_AFTER
    return min(correction.confirmed_at or stood_long, stood_long)


def phone_is_trusted(volunteer: Volunteer, at: datetime) -> bool:
    """Tell whether a code that is sent to the phone on record may open anything at `at`.

    A phone that stood before all corrections is the person's own. For any other counts when it last began to
    stand: by a correction, which may be confirmed, or by the undoing of one. A phone that a minor shares opens no
    adult: only the leader's code for the named person does. Who has no date of birth counts as either.
    """
    phone = User.objects.get(pk=volunteer.user_id).phone  # as it is now
    if not volunteer.is_known_minor(at) and _minor_may_share(volunteer, phone, at):
        return False
    of_phone = list(volunteer.corrections.filter(part=Part.PHONE).order_by("at", "pk"))
    if not of_phone or of_phone[0].before == phone:
        return True
    began = [(one.at, trusted_at(one)) for one in of_phone if one.after == phone]
    undone = [one.undone_at for one in of_phone if one.undone_at and one.before == phone]
    began += [(moment, moment + PROVES_ITSELF_AFTER) for moment in undone]
    return not began or max(began)[1] <= at


def _minor_may_share(volunteer: Volunteer, phone: str, at: datetime) -> bool:
    """Tell whether another person of the phone is not known to be an adult."""
    others = Volunteer.objects.filter(user__in=people_of_phone(phone)).exclude(pk=volunteer.pk)
    return not all(other.is_adult(at) for other in others)


def correction_out(correction: Correction) -> CorrectionOut:
    """Return the shape of a correction that was read with its volunteer and the leader."""
    return CorrectionOut(
        id=correction.pk,
        volunteer=f"{correction.volunteer.number:08d}",
        part=Part(correction.part),
        before=correction.before,
        after=correction.after,
        by=f"{correction.by.volunteer.number:08d}" if correction.by else None,
        at=correction.at,
        trusted_at=trusted_at(correction),
        confirmed_at=correction.confirmed_at,
        undone_at=correction.undone_at,
    )


def corrections_for(user: User, volunteer: Volunteer, *, at: datetime) -> Corrections:
    """Return what was corrected in a record. Raises NotFound to a caller who neither is nor looks after the person."""
    require(may_read(user, volunteer, at))
    rows = volunteer.corrections.select_related("volunteer", "by__volunteer").newest_first()[:MOST]
    return Corrections(items=[correction_out(row) for row in rows])


def correction_for(user: User, correction_id: UUID, *, at: datetime) -> CorrectionOut:
    """Return one correction, to the same callers. Raises NotFound."""
    rows = Correction.objects.select_related("volunteer", "by__volunteer")
    correction = rows.filter(pk=correction_id).first()
    if correction is None:
        raise NotFound
    require(may_read(user, correction.volunteer, at))
    return correction_out(correction)


def kept_of(volunteer: Volunteer) -> list[JsonValue]:
    """Return what is kept of a person here, for their export."""
    rows = volunteer.corrections.newest_first()
    return [
        {"part": row.part, "before": row.before, "after": row.after, "at": row.at.isoformat()} for row in rows
    ]
