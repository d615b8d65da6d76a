"""Reads badges: their state, their text, and the list of those that are good no more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet

from backend.badges.badge_text import (
    ForgedBadge,
    NotABadge,
    Statement,
    public_keys,
    read_badge,
    short_id,
    sign_list,
    write_badge,
    write_public_key,
)
from backend.badges.models import Badge, Photo
from backend.badges.schemas import BadgeChecked, BadgeKey, BadgeKeys, BadgeOut, BadgeState, RevokedBadges
from backend.lib.errors import NotFound, require
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.rules import seen_from

MOST_KEPT = 1_000
"""Badges of one volunteer that an export holds."""
LIST_KEPT_S = 30
"""Seconds for which the list is cached here, and again by the client that fetches it: together a minute."""


def state_of(badge: Badge, *, at: datetime) -> BadgeState:
    """Return the state of a badge; needs its volunteer and account. Retired people have no good badge."""
    volunteer = badge.volunteer
    if badge.revoked_at is not None:
        return "revoked"
    if badge.has_run_out(at) or volunteer.has_retired:
        return "expired"
    if volunteer.is_suspended or not volunteer.user.is_active:
        return "suspended"
    return "valid"


def check_badge(text: str, *, at: datetime) -> BadgeChecked:
    """Return what any person may know of a scanned badge; a forgery costs no query."""
    try:
        statement = read_badge(text, public_keys(settings.BADGE_KEYS))
    except NotABadge:
        return BadgeChecked(state="unknown", number=None, valid_until=None)
    except ForgedBadge:
        return BadgeChecked(state="forged", number=None, valid_until=None)
    badge = Badge.objects.select_related("volunteer__user").filter(pk=statement.badge).first()
    if badge is None:
        return BadgeChecked(state="unknown", number=None, valid_until=None)
    state = state_of(badge, at=at)
    return BadgeChecked(state=state, number=statement.number, valid_until=statement.valid_until)


def badge_of(volunteer: Volunteer) -> Badge:
    """Return the newest badge of a person that was not revoked, or raise NotFound."""
    badges = volunteer.badges.not_revoked().select_related("volunteer__user", "volunteer__photo", "unit")
    badge = badges.first()
    if badge is None:
        raise NotFound
    return badge


def badge_by_id(badge_id: UUID, volunteer: Volunteer) -> Badge:
    """Return a badge of a person, also one that was revoked. Raises NotFound."""
    badges = Badge.objects.select_related("volunteer__user", "volunteer__photo", "unit")
    return require(badges.filter(pk=badge_id, volunteer=volunteer).first())


def badge_out(badge: Badge, *, at: datetime) -> BadgeOut:
    """Return a badge as its person sees it."""
    return BadgeOut(
        id=badge.pk,
        number=f"{badge.volunteer.number:08d}",
        unit=badge.unit.number,
        issued_at=badge.issued_at,
        valid_until=badge.valid_until,
        state=state_of(badge, at=at),
        text=text_of(badge),
    )


def text_of(badge: Badge) -> str:
    """Return the signed text of a badge."""
    number = f"{badge.volunteer.number:08d}"
    return write_badge(Statement(number, badge.unit.number, badge.pk, badge.valid_until), settings.BADGE_KEYS)


def badges_in(unit: Unit, *, at: datetime, limit: int) -> list[Badge]:
    """Return the good badges of the people of a unit and below, by number, for printing."""
    found = _badges_within(unit, at).select_related("volunteer__user", "volunteer__photo", "unit")
    return list(found.order_by("volunteer__number")[:limit])


def has_more_badges(unit: Unit, *, at: datetime, limit: int) -> bool:
    """Tell whether a unit and those below have more good badges than `limit`."""
    return _badges_within(unit, at)[limit : limit + 1].exists()


def _badges_within(unit: Unit, at: datetime) -> QuerySet[Badge]:
    belongs = seen_from(unit.path, "volunteer__memberships__unit__")
    return Badge.objects.good(at).filter(belongs).distinct()


def badge_keys() -> BadgeKeys:
    """Return the public keys."""
    keys = public_keys(settings.BADGE_KEYS)
    return BadgeKeys(
        keys=[BadgeKey(id=id, algorithm="Ed25519", public=write_public_key(key)) for id, key in keys.items()]
    )


def revoked_badges(*, at: datetime) -> RevokedBadges:
    """Return the signed list of badges that a scanner without a network must not believe; kept for half a minute."""
    kept: str | None = cache.get("badges.revoked")
    if kept is None:
        kept = _revoked_badges(at).model_dump_json()
        cache.set("badges.revoked", kept, LIST_KEPT_S)
    return RevokedBadges.model_validate_json(kept)


def _revoked_badges(at: datetime) -> RevokedBadges:
    found = Badge.objects.good_no_more(at).order_by("pk")
    badges = [short_id(badge) for badge in found.values_list("pk", flat=True)]
    at = at.replace(microsecond=0)
    written = RevokedBadges(at=at, badges=badges, key="", signature="")
    key, signature = sign_list([written.model_dump(mode="json")["at"], *badges], settings.BADGE_KEYS)
    return RevokedBadges(at=at, badges=badges, key=key, signature=signature)


def kept_of(volunteer: Volunteer) -> Any:
    """Return for a volunteer's export what is kept of their badges, and since when a picture is."""
    fields = ("unit__number", "issued_at", "valid_until", "revoked_at", "reason")
    photo = Photo.objects.filter(volunteer=volunteer).first()
    return {
        "badges": list(volunteer.badges.order_by("pk").values(*fields)[:MOST_KEPT]),
        "photo_kept_at": photo.kept_at if photo else None,
    }


def photo_of(volunteer: Volunteer) -> bytes:
    """Return a person's picture as a JPEG, or raise NotFound."""
    photo = Photo.objects.filter(volunteer=volunteer).first()
    if photo is None:
        raise NotFound
    return bytes(photo.jpeg)
