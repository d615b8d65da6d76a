"""Badges are issued and revoked, photos come and go."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.audit.services import record
from backend.badges.models import Badge, Photo
from backend.badges.queries import badge_of
from backend.lib.errors import SENT_BEFORE, Invalid, NotAllowed, NotFound, Refusal, require
from backend.lib.pictures import NotAPicture, portrait
from backend.volunteers import rules
from backend.volunteers.consents import current_version
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import MANAGING_ROLES, Purpose, Standing, Unit, Volunteer
from backend.volunteers.services.consents import give_consent

GOOD_FOR = timedelta(days=730)
LONGEST = timedelta(days=5 * 365)


class BadgeIdTaken(Refusal):
    """There is another badge with this id; make a new one."""

    slug = "badge-id-taken"
    text = SENT_BEFORE


class HolderNotInService(Refusal):
    """Badges are issued to people whose service is active."""

    slug = "holder-not-in-service"
    text = _("Badges are for people whose service is active.")


@transaction.atomic
def issue_badge(
    *, id: UUID, volunteer: Volunteer, valid_until: date | None = None, by: User, at: datetime
) -> Badge:
    """Issue a badge in the person's primary unit; the one before is revoked.

    Asking again with the same id returns the badge. Locks the volunteer. Raises NotFound, NotAllowed,
    HolderNotInService, BadgeIdTaken, or Invalid for a last day that is over or more than five years away.
    """
    _require_care(volunteer, by, at)
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    if known := Badge.objects.filter(pk=id).first():
        require(known.volunteer_id == volunteer.pk and known.revoked_at is None, BadgeIdTaken)
        return badge_of(volunteer)
    require(volunteer.standing == Standing.ACTIVE, HolderNotInService)
    unit = _unit_of(volunteer)
    last_day = _last_day(valid_until, at)
    _revoke(volunteer, reason="replaced", by=by, at=at, post=_post(by, unit, at))
    made = {"volunteer": volunteer, "unit": unit, "issued_at": at, "issued_by": by, "valid_until": last_day}
    _, is_new = Badge.objects.get_or_create(pk=id, defaults=made)
    require(is_new, BadgeIdTaken)  # somebody else was issued one with this id meanwhile
    record(
        "badge.issued", subject=f"badge.{id}", by=by, at=at, number=volunteer.number, post=_post(by, unit, at)
    )
    return badge_of(volunteer)


@transaction.atomic
def revoke_badge(*, volunteer: Volunteer, reason: str, by: User, at: datetime) -> None:
    """Revoke a person's badge: whoever checks it online learns so at once. Raises NotFound, NotAllowed."""
    _require_care(volunteer, by, at)
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    post = _post(by, _unit_of(volunteer), at)
    require(_revoke(volunteer, reason=reason, by=by, at=at, post=post))


def end_badge(volunteer: Volunteer, *, reason: str, by: User, at: datetime) -> None:
    """Revoke the badge of somebody whom the caller has locked, if there is one: what it says holds no more."""
    _revoke(volunteer, reason=reason, by=by, at=at, post="")


def end_badges_of(
    volunteers: Sequence[Volunteer], *, unit: Unit | None, reason: str, by: User, at: datetime
) -> None:
    """Revoke the badges of volunteers, of those alone that name `unit` when it is given."""
    held = Badge.objects.filter(volunteer__in=volunteers, revoked_at=None)
    if unit is not None:
        held = held.filter(unit=unit)
    for badge in held.select_related("volunteer"):
        end_badge(badge.volunteer, reason=reason, by=by, at=at)


def erase_badges(volunteer: Volunteer, *, at: datetime) -> None:
    """End the badge of a volunteer who is erased and locked, and delete what was written and shown on it."""
    end_badge(volunteer, reason="erased", by=volunteer.user, at=at)
    volunteer.badges.update(reason="")
    forget_photo(volunteer)


def forget_photo(volunteer: Volunteer) -> None:
    """Delete the picture of a volunteer whom the caller has locked, if there is one."""
    Photo.objects.filter(volunteer=volunteer).delete()


def keep_photo(*, raw: bytes, by: User, at: datetime) -> None:
    """Keep a picture of oneself, decoded and written anew; with that one agrees to its being shown.

    Raises Invalid when it is none, Busy, GuardianMissing.
    """
    try:
        jpeg = portrait(raw)  # before the transaction: decoding takes its turn
    except NotAPicture as error:
        wrong = "This is no JPEG, PNG or WebP, or it has too many pixels."
        raise Invalid(errors=[{"pointer": "/image", "detail": wrong}]) from error
    _keep(jpeg, by=by, at=at)


@transaction.atomic
def _keep(jpeg: bytes, *, by: User, at: datetime) -> None:
    """Keep a picture; the same again changes nothing.

    Locks the volunteer: one who withdraws or deletes everything at that moment keeps none.
    """
    volunteer = volunteers_to_lock().get(user=by)
    require(volunteer.erased_at is None)
    if not rules.agrees_to(volunteer, Purpose.PHOTO):
        give_consent(purpose=Purpose.PHOTO, version=current_version(Purpose.PHOTO), by=by, at=at)
    before = Photo.objects.filter(volunteer=volunteer).first()
    if before is not None and bytes(before.jpeg) == jpeg:
        return
    Photo.objects.update_or_create(volunteer=volunteer, defaults={"jpeg": jpeg, "kept_at": at})
    record("photo.kept", subject=f"volunteer.{volunteer.pk}", by=by, at=at)


@transaction.atomic
def delete_photo(*, by: User, at: datetime) -> None:
    """Delete the picture of oneself; without one nothing happens."""
    if Photo.objects.filter(volunteer__user=by).delete()[0]:
        record("photo.deleted", subject=f"volunteer.{by.volunteer.pk}", by=by, at=at)


def _require_care(volunteer: Volunteer, by: User, at: datetime) -> None:
    require(rules.may_see_person(by, volunteer, at))
    require(rules.may_look_after(by, volunteer, at), NotAllowed)


def _unit_of(volunteer: Volunteer) -> Unit:
    membership = volunteer.memberships.select_related("unit").order_by("-is_primary", "pk").first()
    if membership is None:
        raise NotFound
    return membership.unit


def _post(by: User, unit: Unit, at: datetime) -> str:
    post = rules.post_over(by, unit, at, MANAGING_ROLES)
    return post.title if post else ""


def _last_day(wanted: date | None, at: datetime) -> date:
    today = at.date()
    if wanted is None:
        return today + GOOD_FOR
    if not today <= wanted <= today + LONGEST:
        wrong = "The last day is today at the earliest, and within five years."
        raise Invalid(errors=[{"pointer": "/valid_until", "detail": wrong}])
    return wanted


def _revoke(volunteer: Volunteer, *, reason: str, by: User, at: datetime, post: str) -> bool:
    badge = Badge.objects.filter(volunteer=volunteer, revoked_at=None).first()
    if badge is None:
        return False
    badge.revoked_at, badge.reason = at, reason
    badge.save(update_fields=["revoked_at", "reason"])
    record("badge.revoked", subject=f"badge.{badge.pk}", by=by, at=at, post=post)
    return True
