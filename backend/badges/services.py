"""Issues and revokes badges; keeps and deletes photos."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.badges.acts import Acts
from backend.badges.models import Badge, Photo
from backend.badges.queries import badge_of
from backend.lib import pictures
from backend.lib.errors import SENT_BEFORE, Invalid, NotAllowed, NotFound, Refusal, require
from backend.volunteers import rules
from backend.volunteers.consents import current_version
from backend.volunteers.grants import Grant
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Purpose, Unit, Volunteer
from backend.volunteers.services.consents import agree

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
    grant = _require_care(volunteer, by, at)
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    if known := Badge.objects.filter(pk=id).first():
        require(known.volunteer_id == volunteer.pk and known.revoked_at is None, BadgeIdTaken)
        return badge_of(volunteer)
    require(volunteer.is_in_service, HolderNotInService)
    unit = _unit_of(volunteer)
    last_day = _last_day(valid_until, at)
    made = {"volunteer": volunteer, "unit": unit, "issued_at": at, "issued_by": by, "valid_until": last_day}
    with acting(by=by, at=at, grant=grant) as act:
        end_badge(volunteer, reason="replaced", act=act)
        _, is_new = Badge.objects.get_or_create(pk=id, defaults=made)
        require(is_new, BadgeIdTaken)  # another caller issued one with this id meanwhile
        act.record(Acts.BADGE_ISSUED, f"badge.{id}", number=volunteer.number)
    return badge_of(volunteer)


@transaction.atomic
def revoke_badge(*, volunteer: Volunteer, reason: str, by: User, at: datetime) -> None:
    """Revoke a person's badge: an online check says so at once. Raises NotFound, NotAllowed."""
    grant = _require_care(volunteer, by, at)
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    with acting(by=by, at=at, grant=grant) as act:
        require(end_badge(volunteer, reason=reason, act=act))


def end_badge(volunteer: Volunteer, *, reason: str, act: Act) -> bool:
    """Revoke the badge of a volunteer whom the caller has locked; tells whether there was one."""
    badge = volunteer.badges.not_revoked().first()
    if badge is None:
        return False
    badge.save(update_fields=badge.revoke(at=act.at, reason=reason))
    act.record(Acts.BADGE_REVOKED, f"badge.{badge.pk}")
    return True


def end_badges_of(volunteers: Sequence[Volunteer], *, unit: Unit | None, reason: str, act: Act) -> None:
    """Revoke the badges of volunteers, of those alone that name `unit` when it is given."""
    held = Badge.objects.not_revoked().filter(volunteer__in=volunteers)
    if unit is not None:
        held = held.filter(unit=unit)
    for badge in held.select_related("volunteer"):
        end_badge(badge.volunteer, reason=reason, act=act)


def erase_badges(volunteer: Volunteer, *, act: Act) -> None:
    """End the badge of a volunteer who is erased and locked, and delete what was written and shown on it."""
    end_badge(volunteer, reason="erased", act=act)
    volunteer.badges.update(reason="")
    forget_photo(volunteer)


def forget_photo(volunteer: Volunteer) -> None:
    """Delete the picture of a volunteer whom the caller has locked, if there is one."""
    Photo.objects.filter(volunteer=volunteer).delete()


def keep_photo(*, raw: bytes, by: User, at: datetime) -> None:
    """Keep a picture of the caller, decoded and written anew; by that the caller agrees that it is shown.

    Raises Invalid when it is none, Busy, GuardianMissing.
    """
    with pictures.sent_at("/image"):
        jpeg = pictures.portrait(raw)  # before the transaction: decoding takes its turn
    _keep(jpeg, by=by, at=at)


@transaction.atomic
def _keep(jpeg: bytes, *, by: User, at: datetime) -> None:
    """Keep a picture; the same again changes nothing.

    Locks the volunteer: a volunteer who withdraws or deletes everything at that moment keeps no picture.
    """
    volunteer = volunteers_to_lock().get(user=by)
    require(volunteer.erased_at is None)
    with acting(by=by, at=at) as act:
        if not rules.agrees_to(volunteer, Purpose.PHOTO):
            agree(by, Purpose.PHOTO, current_version(Purpose.PHOTO), act=act)
        before = Photo.objects.filter(volunteer=volunteer).first()
        if before is not None and bytes(before.jpeg) == jpeg:
            return
        Photo.objects.update_or_create(volunteer=volunteer, defaults={"jpeg": jpeg, "kept_at": at})
        act.record(Acts.PHOTO_KEPT, f"volunteer.{volunteer.pk}")


@transaction.atomic
def delete_photo(*, by: User, at: datetime) -> None:
    """Delete the picture of oneself; without one nothing happens."""
    if Photo.objects.filter(volunteer__user=by).delete()[0]:
        with acting(by=by, at=at) as act:
            act.record(Acts.PHOTO_DELETED, f"volunteer.{by.volunteer.pk}")


def _require_care(volunteer: Volunteer, by: User, at: datetime) -> Grant:
    require(rules.may_see_person(by, volunteer, at))
    return require(rules.may_look_after(by, volunteer, at), NotAllowed)


def _unit_of(volunteer: Volunteer) -> Unit:
    membership = volunteer.memberships.select_related("unit").order_by("-is_primary", "pk").first()
    if membership is None:
        raise NotFound
    return membership.unit


def _last_day(wanted: date | None, at: datetime) -> date:
    today = at.date()
    if wanted is None:
        return today + GOOD_FOR
    if not today <= wanted <= today + LONGEST:
        wrong = "The last day is today at the earliest, and within five years."
        raise Invalid(errors=[{"pointer": "/valid_until", "detail": wrong}])
    return wanted
