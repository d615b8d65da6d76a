"""A person: where they belong, how their service stands, and the records that dangerous service asks for."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from backend.accounts.models import User
from backend.accounts.pages.forms import DatedForm, PageForm, act_page, day_field
from backend.accounts.pages.shell import person_of, record_page, sent_from, show
from backend.lib.clock import now
from backend.lib.errors import require
from backend.lib.shapes import Sent
from backend.volunteers.models import LookedAt, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.queries.availability import zone_of
from backend.volunteers.queries.masking import is_whole, seen_in_full, shown
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.privacy import guardians_of
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.rules import may_keep_records_of, may_look_after, may_manage_person, may_see_person
from backend.volunteers.schemas.lives import SuspendIn
from backend.volunteers.schemas.privacy import CredentialIn, GuardianIn
from backend.volunteers.services.access_log import note_access
from backend.volunteers.services.credentials import record_credential, revoke_credential
from backend.volunteers.services.guardians import record_guardian, withdraw_guardian
from backend.volunteers.services.standing import reinstate, retire, suspend


class RecordForm(DatedForm[Sent]):
    """A form about a person, where days and reasons are what is mostly wrong."""

    if_wrong = _(
        "Something is missing or does not fit: look at the days, and give a reason where one is asked."
    )


class SuspendForm(RecordForm[SuspendIn]):
    """Why, and until which day; to retire the day is not asked."""

    shape, labels = SuspendIn, {"reason": _("Reason")}
    ends = {"until": "until"}
    until = day_field(_("Suspended until the end of"), required=False)
    until.help_text = _("Empty: until somebody takes them back.")
    field_order = ["reason", "until"]


class CredentialForm(RecordForm[CredentialIn]):
    """An insurance, a training or an agreement, by days."""

    shape = CredentialIn
    labels = {"kind": _("What it is"), "reference": _("Number of the policy or certificate")}
    begins, ends = {"valid_from": "valid_from"}, {"valid_until": "valid_until"}
    valid_from = day_field(_("First day"))
    valid_until = day_field(_("Last day, if it ends"), required=False)
    field_order = [*labels, "valid_from", "valid_until"]


class GuardianForm(RecordForm[GuardianIn]):
    """A guardian who agrees, since a day."""

    shape, labels, attrs = GuardianIn, {"name": _("Name"), "phone": _("Phone")}, {"phone": {"type": "tel"}}
    begins = {"consent_at": "consent_on"}
    consent_on = day_field(_("Agreed on"))
    ids = "guardian-%s"
    field_order = [*labels, "consent_on"]


@record_page
@require_GET
def person(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show a person to callers who may dispatch them; leaders who look after the person see records and standing."""
    return _page(request, _seen(request, number))


@record_page
@sent_from("person", "number")
def decide_standing(request: HttpRequest, number: str) -> HttpResponseBase:
    """Suspend, reinstate or retire a person."""
    volunteer, by, at = _seen(request, number), person_of(request), now()
    form = SuspendForm(request.POST, zone=zone_of(volunteer.user))
    acts: dict[str, Callable[[], object]] = {
        "suspend": lambda: suspend(
            number=number, reason=form.body.reason, until=form.body.until, by=by, at=at
        ),
        "retire": lambda: retire(number=number, reason=form.body.reason, by=by, at=at),
    }
    if change := acts.get(request.POST.get("act", "")):
        return _do(request, volunteer, change, standing_form=form)
    return _do(request, volunteer, lambda: reinstate(number=number, by=by, at=at))


@record_page
@sent_from("person", "number")
def add_credential(request: HttpRequest, number: str) -> HttpResponseBase:
    """Note an insurance, a training or an agreement."""
    volunteer, by = _seen(request, number), person_of(request)
    form = CredentialForm(request.POST, zone=zone_of(volunteer.user))
    given = partial(record_credential, volunteer=volunteer, by=by, at=now())
    return _do(request, volunteer, lambda: given(wanted=form.body), credential_form=form)


@record_page
@sent_from("person", "number")
def end_credential(request: HttpRequest, number: str, credential_id: UUID) -> HttpResponseBase:
    """Revoke a record that was wrong, or that no longer holds."""
    volunteer, by = _seen(request, number), person_of(request)
    at = now()
    revoke = partial(revoke_credential, volunteer=volunteer, credential_id=credential_id, by=by, at=at)
    return _do(request, volunteer, revoke)


@record_page
@sent_from("person", "number")
@sensitive_post_parameters("phone")
def add_guardian(request: HttpRequest, number: str) -> HttpResponseBase:
    """Note a guardian who agrees."""
    volunteer, by = _seen(request, number), person_of(request)
    form = GuardianForm(request.POST, zone=zone_of(volunteer.user))
    given = partial(record_guardian, volunteer=volunteer, by=by, at=now())
    return _do(request, volunteer, lambda: given(wanted=form.body), guardian_form=form)


@record_page
@sent_from("person", "number")
def end_guardian(request: HttpRequest, number: str, guardian_id: UUID) -> HttpResponseBase:
    """Note that a guardian no longer agrees."""
    volunteer, by = _seen(request, number), person_of(request)
    withdraw = partial(withdraw_guardian, volunteer=volunteer, guardian_id=guardian_id, by=by, at=now())
    return _do(request, volunteer, withdraw)


def _seen(request: HttpRequest, number: str) -> Volunteer:
    volunteer = volunteer_numbered(number)
    require(may_see_person(person_of(request), volunteer, now()))
    return volunteer


def _do(
    request: HttpRequest, volunteer: Volunteer, change: Callable[[], object], **form: PageForm
) -> HttpResponseBase:
    """Do it and show the person as they are now; a form is shown again, by its name on the page, when it is refused."""
    name, asked = next(iter(form.items()), ("button", PageForm({})))

    def act(_form: PageForm) -> HttpResponse:
        change()
        return redirect("console:person", f"{volunteer.number:08d}")

    return act_page(asked, act, lambda form: _page(request, volunteer, **{name: form}))


def _page(request: HttpRequest, volunteer: Volunteer, **refused: PageForm) -> HttpResponse:
    """Show the person as they are now, with the form that was refused in the place of an empty one."""
    user, at, zone = person_of(request), now(), zone_of(volunteer.user)
    keeps = bool(may_keep_records_of(user, volunteer, at))
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
        "active": volunteer.is_in_service,
        "retired": volunteer.has_retired,
        "looks_after": bool(may_look_after(user, volunteer, at)),
        "decides": volunteer.user_id != user.pk and bool(may_manage_person(user, volunteer, at)),
        "keeps": keeps,
        "credentials": volunteer.credentials.order_by("-valid_from", "pk") if keeps else [],
        "guardians": guardians_of(volunteer) if keeps else [],
        "at": at,
        "zone": zone,
        "standing_form": SuspendForm(zone=zone),
        "credential_form": CredentialForm(zone=zone),
        "guardian_form": GuardianForm(zone=zone),
        "problem": "".join(form.problem for form in refused.values()),
        **refused,
    }
    status = next((form.answered_with for form in refused.values()), 200)
    return show(request, "person", context, page="roster", status=status)


def _note_look(user: User, volunteer: Volunteer, phone: str, *, keeps: bool, at: datetime) -> None:
    seen = [LookedAt.PROFILE]
    if is_whole(phone):
        seen.append(LookedAt.PHONE)
    if keeps:
        seen.append(LookedAt.RECORDS)
    for what in seen:
        note_access(viewer_user_id=user.pk, volunteer_ids=[volunteer.pk], what=what, at=at)
