"""What was corrected in a person's record: leaders correct a name or a phone, and what was wrong is taken back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.forms import SHARED_PHONE, PageForm, ShapeForm, act_page
from backend.accounts.pages.shell import act_named, full_sign_in, person_of, record_page, show
from backend.corrections.models import Correction, Part
from backend.corrections.queries import corrections_for
from backend.corrections.rules import may_change_way_in, may_correct, may_read
from backend.corrections.schemas import CorrectionIn, CorrectionOut
from backend.corrections.services import confirm, correct, undo
from backend.lib.clock import now
from backend.lib.errors import require
from backend.volunteers.models import Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.queries.availability import zone_of
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.services.access_log import note_named


class NameForm(ShapeForm[CorrectionIn]):
    """The right name."""

    shape, labels, ids = CorrectionIn, {"name": _("The right name")}, "name-%s"


class PhoneForm(ShapeForm[CorrectionIn]):
    """The right phone."""

    shape, ids = CorrectionIn, "phone-%s"
    labels = {"phone": _("The right phone"), "shared_phone": SHARED_PHONE}
    attrs = {"phone": {"type": "tel"}}


class WrongPhoneForm(ShapeForm[CorrectionIn]):
    """Another person answers the phone, and the right one is not known."""

    shape, ids = CorrectionIn, "wrong-%s"

    def given(self) -> Mapping[str, Any]:
        """Return what the shape is made of: the button says it all."""
        return {**super().given(), "phone_is_wrong": True}


class CorrectionForm(PageForm):
    """Which correction is taken back, or vouched for."""

    correction = forms.UUIDField()


@record_page
@full_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("phone")
def corrections(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show what was corrected; correct a name or a phone, take a correction back, or vouch for one."""
    volunteer = volunteer_numbered(number)
    require(may_read(person_of(request), volunteer, now()))
    if request.method != "POST":
        return _show(request, volunteer)
    return act_named(request, ACTS)(request, volunteer)


_Act = Callable[[HttpRequest, Volunteer], HttpResponseBase]


def _correct(form: type[ShapeForm[CorrectionIn]]) -> _Act:
    def act(request: HttpRequest, volunteer: Volunteer) -> HttpResponseBase:
        asked, by = form(request.POST), person_of(request)
        return _do(
            request,
            volunteer,
            asked,
            lambda: correct(volunteer=volunteer, wanted=asked.body, by=by, at=now()),
        )

    return act


def _decide(decide: Callable[..., Correction]) -> _Act:
    def act(request: HttpRequest, volunteer: Volunteer) -> HttpResponseBase:
        form, by = CorrectionForm(request.POST), person_of(request)
        return _do(
            request,
            volunteer,
            form,
            lambda: decide(correction_id=form.cleaned_data["correction"], by=by, at=now()),
        )

    return act


ACTS: dict[str, _Act] = {
    "name": _correct(NameForm),
    "phone": _correct(PhoneForm),
    "wrong-phone": _correct(WrongPhoneForm),
    "undo": _decide(undo),
    "confirm": _decide(confirm),
}


def _do(
    request: HttpRequest, volunteer: Volunteer, form: PageForm, change: Callable[[], object]
) -> HttpResponseBase:
    """Do it and show the record as it is now; a form that was refused is shown again with the reason."""

    def act(_form: PageForm) -> HttpResponse:
        change()
        return redirect("console:corrections", f"{volunteer.number:08d}")

    return act_page(form, act, lambda form: _show(request, volunteer, form))


def _show(request: HttpRequest, volunteer: Volunteer, refused: PageForm | None = None) -> HttpResponse:
    by, at = person_of(request), now()
    found = corrections_for(by, volunteer, at=at).items
    is_own = volunteer.user_id == by.pk
    if found and not is_own:
        note_named([found[0].volunteer], by=by, at=at, whole_phone=True)
    corrects = bool(may_correct(by, volunteer, at))
    of_phone = corrects and may_change_way_in(by, volunteer, Part.PHONE, at)

    def undoes(one: CorrectionOut) -> bool:
        may = is_own or (of_phone if one.part == Part.PHONE else corrects)
        return may and one.undone_at is None

    context = {
        "person": volunteer,
        "number": f"{volunteer.number:08d}",
        "written": format_volunteer_number(volunteer.number),
        "zone": zone_of(volunteer.user),
        "is_own": is_own,
        "corrections": [(one, undoes(one), of_phone and _can_confirm(one, by, at)) for one in found],
        "name_form": _form(NameForm, refused) if corrects else None,
        "phone_form": _form(PhoneForm, refused) if of_phone else None,
        "wrong_form": _form(WrongPhoneForm, refused) if of_phone and volunteer.user.phone else None,
        "problem": refused.problem if refused else "",
    }
    status = refused.answered_with if refused else 200
    return show(request, "corrections", context, page="my-data" if is_own else "roster", status=status)


def _form(form: type[PageForm], refused: PageForm | None) -> PageForm:
    return refused if isinstance(refused, form) else form()


def _can_confirm(one: CorrectionOut, by: User, at: datetime) -> bool:
    """Tell whether a leader, who has power over the phone, may vouch for one that is not trusted yet."""
    stands = one.part == Part.PHONE and one.undone_at is None and one.trusted_at > at
    return stands and one.by != f"{by.volunteer.number:08d}"
