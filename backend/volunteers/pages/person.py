"""A person: where they belong, how their service stands, and the records that dangerous service asks for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.pages.shell import person_of, record_page, said, sent_from, show
from backend.lib.api import now
from backend.lib.errors import Invalid, Refusal, require
from backend.lib.problems import refusal_of
from backend.volunteers.models import CredentialKind, LookedAt, Standing, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.queries.availability import zone_of
from backend.volunteers.queries.masking import is_whole, seen_in_full, shown
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.privacy import guardians_of
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.rules import may_keep_records_of, may_look_after, may_manage_person, may_see_person
from backend.volunteers.schemas.lives import ReasonIn, SuspendIn
from backend.volunteers.schemas.privacy import CredentialIn, GuardianIn
from backend.volunteers.services.access_log import note_access
from backend.volunteers.services.credentials import record_credential, revoke_credential
from backend.volunteers.services.guardians import record_guardian, withdraw_guardian
from backend.volunteers.services.standing import reinstate, retire, suspend

INSTEAD = {
    Invalid: _(
        "Something is missing or does not fit: look at the days, and give a reason where one is asked."
    )
}


@record_page
@require_GET
def person(request: HttpRequest, number: str) -> HttpResponse:
    """Show somebody to those who may dispatch them; records and standing are for those who look after them."""
    return _page(request, _seen(request, number))


@record_page
@sent_from("person", "number")
def decide_standing(request: HttpRequest, number: str) -> HttpResponse:
    """Suspend, reinstate or retire somebody."""
    volunteer = _seen(request, number)
    by, at, posted = person_of(request), now(), request.POST

    def act() -> None:
        match posted.get("act"):
            case "suspend":
                until = _day(posted.get("until", ""), volunteer, ends=True)
                wanted = SuspendIn.model_validate({"reason": posted.get("reason", ""), "until": until})
                suspend(number=number, reason=wanted.reason, until=wanted.until, by=by, at=at)
            case "retire":
                reason = ReasonIn.model_validate({"reason": posted.get("reason", "")}).reason
                retire(number=number, reason=reason, by=by, at=at)
            case _:
                reinstate(number=number, by=by, at=at)

    return _after(request, volunteer, act)


@record_page
@sent_from("person", "number")
def add_credential(request: HttpRequest, number: str) -> HttpResponse:
    """Note an insurance, a training or an agreement."""
    volunteer, posted = _seen(request, number), request.POST

    def act() -> None:
        given = {name: posted.get(name, "") for name in ("id", "kind", "reference")}
        days = {
            "valid_from": _day(posted.get("valid_from", ""), volunteer),
            "valid_until": _day(posted.get("valid_until", ""), volunteer, ends=True),
        }
        wanted = CredentialIn.model_validate({**given, **days})
        record_credential(volunteer=volunteer, wanted=wanted, by=person_of(request), at=now())

    return _after(request, volunteer, act)


@record_page
@sent_from("person", "number")
def end_credential(request: HttpRequest, number: str, credential_id: UUID) -> HttpResponse:
    """Revoke a record that was wrong, or that no longer holds."""
    volunteer, by = _seen(request, number), person_of(request)
    return _after(
        request,
        volunteer,
        lambda: revoke_credential(volunteer=volunteer, credential_id=credential_id, by=by, at=now()),
    )


@record_page
@sent_from("person", "number")
@sensitive_post_parameters("phone")
def add_guardian(request: HttpRequest, number: str) -> HttpResponse:
    """Note a guardian who agrees."""
    volunteer, posted = _seen(request, number), request.POST

    def act() -> None:
        given = {name: posted.get(name, "") for name in ("id", "name", "phone")}
        agreed = _day(posted.get("consent_on", ""), volunteer)
        wanted = GuardianIn.model_validate({**given, "consent_at": agreed})
        record_guardian(volunteer=volunteer, wanted=wanted, by=person_of(request), at=now())

    return _after(request, volunteer, act)


@record_page
@sent_from("person", "number")
def end_guardian(request: HttpRequest, number: str, guardian_id: UUID) -> HttpResponse:
    """Note that a guardian no longer agrees."""
    volunteer, by = _seen(request, number), person_of(request)
    return _after(
        request,
        volunteer,
        lambda: withdraw_guardian(volunteer=volunteer, guardian_id=guardian_id, by=by, at=now()),
    )


def _seen(request: HttpRequest, number: str) -> Volunteer:
    volunteer = volunteer_numbered(number)
    require(may_see_person(person_of(request), volunteer, now()))
    return volunteer


def _after(request: HttpRequest, volunteer: Volunteer, act: Callable[[], Any]) -> HttpResponse:
    """Do it and show the person as they are now; what was refused is said on the page."""
    try:
        act()
    except (Refusal, ValueError) as error:  # what pydantic refuses, and what is no day, are ValueErrors
        refusal = refusal_of(error) or Invalid()
        return _page(request, volunteer, problem=said(refusal, INSTEAD), status=refusal.status)
    return redirect("console:person", f"{volunteer.number:08d}")


def _page(
    request: HttpRequest, volunteer: Volunteer, *, problem: str = "", status: int = 200
) -> HttpResponse:
    user, at = person_of(request), now()
    keeps = may_keep_records_of(user, volunteer, at)
    phone = shown(volunteer.user.phone, whole=volunteer.pk in seen_in_full(user, [volunteer.pk], at=at))
    _note_look(user, volunteer, phone, keeps=keeps, at=at)
    memberships = volunteer.memberships.select_related("unit").order_by("-is_primary", "unit__path")
    context: dict[str, Any] = {
        "person": volunteer,
        "number": f"{volunteer.number:08d}",
        "written": format_volunteer_number(volunteer.number),
        "phone": phone,
        "can_be_called": is_whole(phone) and volunteer.user_id != user.pk,
        "memberships": [(row, seat_text(row.unit, row.seat) if row.seat else "") for row in memberships],
        "on_duty": volunteer.is_on_duty(at),
        "active": volunteer.standing == Standing.ACTIVE,
        "retired": volunteer.standing == Standing.RETIRED,
        "looks_after": may_look_after(user, volunteer, at),
        "decides": volunteer.user_id != user.pk and may_manage_person(user, volunteer, at),
        "keeps": keeps,
        "credentials": volunteer.credentials.order_by("-valid_from", "pk") if keeps else [],
        "guardians": guardians_of(volunteer) if keeps else [],
        "kinds": CredentialKind.choices,
        "credential_id": uuid7(),
        "guardian_id": uuid7(),
        "problem": problem,
        "at": at,
        "zone": zone_of(volunteer.user),
    }
    return show(request, "person", context, page="roster", status=status)


def _note_look(user: User, volunteer: Volunteer, phone: str, *, keeps: bool, at: datetime) -> None:
    seen = [LookedAt.PROFILE]
    if is_whole(phone):
        seen.append(LookedAt.PHONE)
    if keeps:
        seen.append(LookedAt.RECORDS)
    for what in seen:
        note_access(viewer_user_id=user.pk, volunteer_ids=[volunteer.pk], what=what, at=at)


def _day(text: str, volunteer: Volunteer, *, ends: bool = False) -> datetime | None:
    """Return when a day begins where the person serves, or with `ends` its last second; None for an empty text.

    Raises ValueError for what is no day.
    """
    if not text:
        return None
    day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(zone_of(volunteer.user)))
    return day + timedelta(days=1, seconds=-1) if ends else day
