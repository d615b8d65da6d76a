"""Everything that is kept of a person, for that person alone."""

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from pydantic import JsonValue, TypeAdapter

from backend.accounts.models import Device, User
from backend.lib.encryption import unseal
from backend.lib.sealed import SUFFIX
from backend.privacy.schemas import LookOut, LookPage
from backend.tracking.models import Fix, LatestPosition, Tracker, TrackerDay
from backend.volunteers import hooks
from backend.volunteers.models import AccessEntry, Volunteer
from backend.volunteers.queries.masking import masked_card
from backend.volunteers.queries.me import me_of
from backend.volunteers.queries.numbers import numbers_of
from backend.volunteers.queries.privacy import credentials_of, guardians_of
from backend.volunteers.rules import reads_sealed

TAIL = 4
"""Characters of an identity card that are shown while the password is young."""
MOST = 10_000
"""Lines of one kind; the newest come first. Nothing of a person reaches it within the times that things are kept."""

MOST_OWN = 1_000
"""Lines of sign-in, plans and numbers."""

_json: TypeAdapter[Any] = TypeAdapter(Any)


def export_of(user: User, *, at: datetime) -> dict[str, JsonValue]:
    """Return everything that is kept of the person; phone and identity card in full once the password is old enough."""
    volunteer = Volunteer.objects.select_related("user").get(user=user)
    merged = Volunteer.objects.select_related("user").filter(merged_into=volunteer).order_by("pk")
    whole_for = reads_sealed(user, at)
    records = [_record(one, at, whole=whole_for) for one in merged]
    parts = {
        "exported_at": at,
        **_record(volunteer, at, whole=whole_for),
        "merged_records": records,
    }
    whole: dict[str, JsonValue] = _json.dump_python(parts, mode="json")
    return whole


def _record(volunteer: Volunteer, at: datetime, *, whole: bool) -> dict[str, Any]:
    """Return what is kept under one record; a record that was merged into another keeps what it had."""
    user = volunteer.user
    return {
        "profile": _profile(volunteer, at, whole=whole),
        "memberships": _rows(
            volunteer.memberships.order_by("pk"),
            "unit__number",
            "unit__display_name",
            "is_primary",
            "is_employee",
        ),
        "posts": _rows(volunteer.posts.order_by("pk"), "unit__number", "role", "seat", "from_at", "until_at"),
        "consents": _rows(
            volunteer.consents.order_by("-given_at", "-pk"), "purpose", "version", "given_at", "withdrawn_at"
        ),
        "guardians": guardians_of(volunteer),
        "credentials": credentials_of(volunteer),
        "devices": _rows(
            Device.objects.filter(user=user).order_by("-created_at"),
            *("id", "name", "platform", "created_at", "last_seen_at", "revoked_at"),
        ),
        "trackers": _rows(
            Tracker.objects.filter(user=user).order_by("-created_at"),
            *(
                "id",
                "name",
                "datum",
                "created_at",
                "expires_at",
                "last_seen_at",
                "last_stored_at",
                "revoked_at",
            ),
        ),
        "reports_not_stored": _rows(
            TrackerDay.objects.filter(tracker__user=user).order_by("-day", "reason"),
            *("tracker_id", "day", "reason", "count", "last_at"),
        ),
        "looks": _rows(
            AccessEntry.objects.filter(subject=volunteer).order_by("-pk"),
            "at",
            "what",
            "viewer__volunteer__number",
        ),
        "duty_periods": _rows(volunteer.duty_periods.order_by("-since"), "since", "until"),
        "tracks": _tracks(numbers_of(volunteer)),
        **_own_parts_of(volunteer),
        **{name: part for parts in hooks.exporting(volunteer, at=at) for name, part in parts.items()},
    }


def _profile(volunteer: Volunteer, at: datetime, *, whole: bool) -> dict[str, Any]:
    """Return what the person sees of themselves, the date of birth, and every sealed column, opened or masked.

    Unconfirmed data that came by a merge is masked wholly: the caller may be the leader who merged the records.
    """
    to_confirm = volunteer.identity_to_confirm
    opened = {
        field.name.removesuffix(SUFFIX): unseal(
            getattr(volunteer, field.name), field.name.removesuffix(SUFFIX)
        )
        for field in volunteer._meta.concrete_fields  # noqa: SLF001  # the documented way to a model's fields
        if field.name.endswith(SUFFIX)
    }
    if to_confirm or not whole:
        opened = {kind: masked_card(text, tail=0 if to_confirm else TAIL) for kind, text in opened.items()}
    me = me_of(volunteer.user, at=at).model_dump(mode="json")
    born_on = volunteer.born_on and (f"{volunteer.born_on:%Y}-**-**" if to_confirm else volunteer.born_on)
    return {
        **me,
        **opened,
        "born_on": born_on,
        "identity_to_confirm": to_confirm,
        "standing": volunteer.standing,
    }


def _tracks(numbers: list[int]) -> dict[str, Any]:
    """Return how many fixes there are of each day, and where the person was last seen."""
    days = (
        Fix.objects.filter(person__in=numbers)
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(fixes=Count("*"))
    )
    shown = LatestPosition.objects.filter(person__in=numbers).exclude(scope="").order_by("-at")
    last = shown.values("at", "lon", "lat").first()
    return {"days": list(days.order_by("day")), "last_seen": last}


def _rows(rows: Any, *fields: str) -> list[dict[str, Any]]:
    return list(rows.values(*fields)[:MOST])


def _own_parts_of(volunteer: Volunteer) -> dict[str, Any]:
    """Return the parts by their name in the export."""
    numbers = volunteer.aliases.order_by("pk").values_list("number", flat=True)[:MOST_OWN]
    return {
        "sign_in": _sign_in_of(volunteer.user),
        "availability": {
            "weekly": list(volunteer.weekly_availability.all().values()[:MOST_OWN]),
            "periods": list(volunteer.dated_availability.all().values()[:MOST_OWN]),
        },
        "numbers": [f"{number:08d}" for number in numbers],
    }


def _sign_in_of(user: User) -> dict[str, Any]:
    factor = getattr(user, "second_factor", None)
    return {
        "second_factor_since": factor.confirmed_at if factor else None,
        "invitations": _rows(user.invitations.order_by("pk"), "made_at", "expires_at", "used_at"),
        "sign_in_codes": _rows(user.sign_in_codes.order_by("pk"), "made_at", "expires_at", "used_at"),
    }


LOOKS = 50
"""Looks of a page."""


def looks_at(user: User, *, after: int | None = None, page: int = LOOKS) -> LookPage:
    """Return up to 50 looks at a person, newest first; `after` is `next` of the page before."""
    looks = AccessEntry.objects.filter(subject__user=user).select_related("viewer__volunteer").order_by("-pk")
    rows = list((looks.filter(pk__lt=after) if after else looks)[: page + 1])
    items = [
        LookOut.model_validate(
            {
                "at": look.at,
                "what": look.what,
                "viewer": look.viewer.volunteer.number,
                "viewer_name": look.viewer.volunteer.name,
            }
        )
        for look in rows[:page]
    ]
    return LookPage(items=items, next=rows[page - 1].pk if len(rows) > page else None)
