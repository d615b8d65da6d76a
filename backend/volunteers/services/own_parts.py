"""What people have of badges, sign-in, applications and plans: the parts of this app for export and deletion."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from backend.volunteers.models import Application, Volunteer
from backend.volunteers.own_data import Part, own_data
from backend.volunteers.services.badges import end_badge

MOST = 1_000
"""Rows of one kind that an export holds."""


def register() -> None:
    """Register the parts; once, when the app starts."""
    own_data(
        "badges", _part(_badges, _erase_badges, "That badges with your number were issued, and until when.")
    )
    own_data("sign_in", _part(_sign_in, _erase_sign_in, ""))
    own_data("joining", _part(_joining, _erase_joining, "That your number moved between units."))
    own_data("availability", _part(_availability, _erase_availability, ""))
    own_data("numbers", _part(_numbers, _erase_nothing, "The numbers you had: nobody gets them again."))


def _part(read: Callable[[Volunteer], Any], erase: Callable[[Volunteer, datetime], None], kept: str) -> Part:
    return Part(
        read=lambda person, _at: read(person), check=lambda _person, _at: None, erase=erase, kept=kept
    )


def _rows(found: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(found.order_by("pk").values(*fields)[:MOST])


def _badges(person: Volunteer) -> Any:
    badges = _rows(person.badges.all(), "unit__number", "issued_at", "valid_until", "revoked_at", "reason")
    photo = getattr(person, "photo", None)
    return {"badges": badges, "photo_kept_at": photo.kept_at if photo else None}


def _erase_badges(person: Volunteer, at: datetime) -> None:
    end_badge(person, reason="erased", by=person.user, at=at)
    person.badges.update(reason="")
    if photo := getattr(person, "photo", None):
        photo.delete()


def _sign_in(person: Volunteer) -> Any:
    factor = getattr(person.user, "second_factor", None)
    return {
        "second_factor_since": factor.confirmed_at if factor else None,
        "invitations": _rows(person.user.invitations.all(), "made_at", "expires_at", "used_at"),
    }


def _erase_sign_in(person: Volunteer, _at: datetime) -> None:
    user = person.user
    for rows in (user.recovery_codes, user.challenges, user.invitations):
        rows.all().delete()
    if factor := getattr(user, "second_factor", None):
        factor.delete()


def _applications(person: Volunteer) -> QuerySet[Application]:
    """Return those that made the person a volunteer, and others with their phone: waiting, or turned down."""
    return Application.objects.filter(
        Q(volunteer=person) | Q(volunteer=None, phone_key=person.user.phone_key)
    )


def _joining(person: Volunteer) -> Any:
    return {
        "applications": _rows(_applications(person), "unit__number", "at", "status", "decided_at", "reason"),
        "transfers": _rows(
            person.transfers.all(),
            "from_unit__number",
            "to_unit__number",
            "status",
            "proposed_at",
            "decided_at",
        ),
    }


def _erase_joining(person: Volunteer, _at: datetime) -> None:
    _applications(person).filter(volunteer=None).delete()
    _applications(person).update(
        name="", phone_sealed="", phone_key="", born_on=None, password="", reason="", volunteer=None
    )


def _availability(person: Volunteer) -> Any:
    weekly = person.weekly_availability.all().values()
    dated = person.dated_availability.all().values()
    return {"weekly": list(weekly[:MOST]), "periods": list(dated[:MOST])}


def _erase_availability(person: Volunteer, _at: datetime) -> None:
    person.weekly_availability.all().delete()
    person.dated_availability.all().delete()


def _numbers(person: Volunteer) -> Any:
    return [
        f"{number:08d}" for number in person.aliases.order_by("pk").values_list("number", flat=True)[:MOST]
    ]


def _erase_nothing(_person: Volunteer, _at: datetime) -> None:
    """Aliases stay: a number leads to nobody's name any more."""
