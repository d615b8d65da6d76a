"""The pages of a person's own data: consents, viewers, records, export, deletion."""

from django import forms
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from backend.accounts.models import User
from backend.accounts.pages.forms import PageForm, ShapeForm, act_page, secret_field
from backend.accounts.pages.shell import (
    full_sign_in,
    open_to_introduced,
    person_of,
    record_page,
    sent_from,
    show,
)
from backend.accounts.services.passwords import PasswordWrong
from backend.accounts.signin import confirm_password
from backend.lib.clock import now
from backend.lib.errors import require
from backend.privacy.queries import export_of, looks_at
from backend.privacy.schemas import DeletionIn, IdentityIn
from backend.privacy.services.identity import IdentityWrong, check_identity
from backend.privacy.services.own_data import erase_person
from backend.volunteers.models import LookedAt, Purpose
from backend.volunteers.queries import privacy as queries
from backend.volunteers.schemas.privacy import ConsentIn
from backend.volunteers.services.consents import give_consent, withdraw_consent
from backend.volunteers.services.identity import confirm_identity

PAGE = 20
AT_DELETION = {PasswordWrong: _("The password is wrong. Nothing was deleted.")}


class ConsentForm(ShapeForm[ConsentIn]):
    """Whether one agrees, and to which words."""

    shape = ConsentIn
    agreed = forms.CharField()
    version = forms.CharField(required=False)


class IdentityForm(ShapeForm[IdentityIn]):
    """What a person knows of the record that was merged into theirs."""

    shape, labels = IdentityIn, {"id_card": _("Identity card number"), "born_on": _("Date of birth")}
    if_wrong = IdentityWrong.text


class DeletionForm(ShapeForm[DeletionIn]):
    """The password, to show that it is the person."""

    shape = DeletionIn
    password = secret_field(_("Your password, to show that it is you"), autocomplete="current-password")


@require_GET
@record_page
def my_data(request: HttpRequest) -> HttpResponse:
    """Show everything that the caller may see and decide about their own data."""
    return _page(request)


@record_page
@open_to_introduced
@sent_from("my-data")
def decide(request: HttpRequest, purpose: str) -> HttpResponseBase:
    """Agree to a purpose, or withdraw."""
    require(purpose in Purpose.values)

    def act(form: ConsentForm) -> HttpResponse:
        by, at = person_of(request), now()
        if form.body.agreed:
            give_consent(purpose=Purpose(purpose), version=form.body.version, by=by, at=at)
        else:
            withdraw_consent(purpose=Purpose(purpose), by=by, at=at)
        return redirect("console:my-data")

    return act_page(ConsentForm(request.POST), act, lambda form: _page(request, consent_form=form))


@require_GET
@record_page
@full_sign_in
def export(request: HttpRequest) -> HttpResponse:
    """Download everything that is kept of oneself."""
    user, at = person_of(request), now()
    response = JsonResponse(export_of(user, at=at), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="muster-{user.volunteer.number:08d}.json"'
    return response


@sensitive_post_parameters("id_card")
@record_page
@full_sign_in
@sent_from("my-data")
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Confirm the identity that came to one's record by a merge."""
    user = person_of(request)

    def act(form: IdentityForm) -> HttpResponse:
        check_identity(request, user, id_card=form.body.id_card, born_on=form.body.born_on)
        confirm_identity(by=user, at=now())
        return redirect("console:my-data")

    return act_page(_identity_form(user, request.POST), act, lambda form: _page(request, identity_form=form))


@sensitive_post_parameters("password")
@record_page
@full_sign_in
@sent_from("my-data")
def delete(request: HttpRequest) -> HttpResponseBase:
    """Delete everything of one's own, and say what was kept."""
    user = person_of(request)

    def act(form: DeletionForm) -> HttpResponse:
        confirm_password(request, user, form.body.password)
        erased = erase_person(by=user, at=now())
        logout(request)
        response = render(request, "console/my_data_deleted.html", {"erased": erased})
        # What the volunteer's page kept in this browser goes too.
        response["Clear-Site-Data"] = '"storage"'
        return response

    form = DeletionForm(request.POST)
    return act_page(form, act, lambda form: _page(request, deletion_form=form), AT_DELETION)


def _identity_form(user: User, data: QueryDict | None = None) -> IdentityForm:
    """Return the form that asks for what came to the record: the identity card, or only the date of birth."""
    form = IdentityForm(data)
    del form.fields["born_on" if user.volunteer.id_card_key else "id_card"]
    return form


def _page(request: HttpRequest, **refused: PageForm) -> HttpResponse:
    """Show the page, with the form that was refused in the place of an empty one."""
    user = person_of(request)
    volunteer = user.volunteer
    raw = request.GET.get("after", "")
    after = int(raw) if raw.isdecimal() and len(raw) < 18 else None
    consents = queries.consents_of(volunteer, language=get_language() or "en")
    looks = looks_at(user, after=after or None, page=PAGE)
    kinds = dict(LookedAt.choices)
    context = {
        "consents": [(Purpose(consent.purpose).label, consent) for consent in consents],
        "looks": [(look, kinds[look.what]) for look in looks.items],
        "next": looks.next,
        "credentials": volunteer.credentials.order_by("-valid_from", "pk"),
        "guardians": queries.guardians_of(volunteer),
        "at": now(),
        "to_confirm": volunteer.identity_to_confirm,
        "has_id_card": bool(volunteer.id_card_key),
        "identity_form": _identity_form(user),
        "deletion_form": DeletionForm(),
        "problem": "".join(form.problem for form in refused.values()),
        **refused,
    }
    status = next((form.answered_with for form in refused.values()), 200)
    return show(request, "my_data", context, page="my-data", status=status)
