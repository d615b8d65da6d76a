"""What is kept of somebody, for that person: consents, who looked, records, export, deletion."""

import pydantic
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from backend.accounts.pages.shell import person_of, record_page, sent_from, show
from backend.accounts.services.passwords import PasswordWrong
from backend.accounts.signin import confirm_password
from backend.lib.api import now
from backend.lib.errors import Refusal, require, told
from backend.privacy.queries import export_of
from backend.privacy.schemas import IdentityIn
from backend.privacy.services.own_data import erase_person
from backend.volunteers.models import LookedAt, Purpose
from backend.volunteers.queries import privacy as queries
from backend.volunteers.services.consents import give_consent, withdraw_consent
from backend.volunteers.services.identity import IdentityWrong, check_identity, confirm_identity

PAGE = 20
AT_DELETION = {PasswordWrong: _("The password is wrong. Nothing was deleted.")}


@require_GET
@record_page
def my_data(request: HttpRequest) -> HttpResponse:
    """Show everything that one may see and decide about one's own data."""
    return _page(request)


@record_page
@sent_from("my-data")
def decide(request: HttpRequest, purpose: str) -> HttpResponse:
    """Agree to a purpose, or withdraw."""
    require(purpose in Purpose.values)
    user, at, version = person_of(request), now(), request.POST.get("version", "")
    try:
        if request.POST.get("agreed") == "yes":
            number = int(version) if version.isdecimal() and len(version) < 6 else None
            give_consent(purpose=Purpose(purpose), version=number, by=user, at=at)
        else:
            withdraw_consent(purpose=Purpose(purpose), by=user, at=at)
    except Refusal as refusal:
        return _page(request, problem=told(refusal), status=refusal.status)
    return redirect("console:my-data")


@require_GET
@record_page
def export(request: HttpRequest) -> HttpResponse:
    """Download everything that is kept of oneself."""
    user, at = person_of(request), now()
    response = JsonResponse(export_of(user, at=at), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="muster-{user.volunteer.number:08d}.json"'
    return response


@sensitive_post_parameters("id_card")
@record_page
@sent_from("my-data")
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the identity that came to one's record by a merge."""
    user = person_of(request)
    try:
        named = IdentityIn.model_validate(
            {k: v for k in ("id_card", "born_on") if (v := request.POST.get(k))}
        )
    except pydantic.ValidationError:
        return _page(request, problem=told(IdentityWrong()), status=422)
    try:
        check_identity(request, user, id_card=named.id_card, born_on=named.born_on)
    except Refusal as refusal:
        return _page(request, problem=told(refusal), status=refusal.status)
    confirm_identity(by=user, at=now())
    return redirect("console:my-data")


@sensitive_post_parameters("password")
@record_page
@sent_from("my-data")
def delete(request: HttpRequest) -> HttpResponse:
    """Delete everything of one's own, and say what was kept."""
    user, password = person_of(request), request.POST.get("password", "")
    try:
        confirm_password(request, user, password)
        erased = erase_person(by=user, at=now())
    except Refusal as refusal:
        return _page(request, problem=told(refusal, AT_DELETION), status=refusal.status)
    logout(request)
    response = render(request, "console/my_data_deleted.html", {"erased": erased})
    # What the volunteer's page kept in this browser goes too.
    response["Clear-Site-Data"] = '"storage"'
    return response


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    user = person_of(request)
    volunteer = user.volunteer
    raw = request.GET.get("after", "")
    after = int(raw) if raw.isdecimal() and len(raw) < 18 else None
    consents = queries.consents_of(volunteer, language=get_language() or "en")
    looks = queries.looks_at(user, after=after or None, page=PAGE)
    kinds = dict(LookedAt.choices)
    context = {
        "problem": problem,
        "consents": [(Purpose(consent.purpose).label, consent) for consent in consents],
        "looks": [(look, kinds[look.what]) for look in looks.items],
        "next": looks.next,
        "credentials": volunteer.credentials.order_by("-valid_from", "pk"),
        "guardians": queries.guardians_of(volunteer),
        "at": now(),
        "to_confirm": volunteer.identity_to_confirm,
        "has_id_card": bool(volunteer.id_card_key),
    }
    return show(request, "my_data", context, page="my-data", status=status)
