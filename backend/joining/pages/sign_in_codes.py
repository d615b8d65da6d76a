"""The page where a leader lets a person in by a code, and ends what a lost phone could do."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.codes import drawn
from backend.accounts.pages.forms import ShapeForm, act_page
from backend.accounts.pages.shell import person_of, record_page, show
from backend.joining.schemas import SignInCodeIn
from backend.joining.services.sign_in_codes import give_sign_in_code, require_may_let_in, sign_out_person
from backend.lib.clock import now
from backend.volunteers.models import LookedAt, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.queries.availability import zone_of
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.services.access_log import note_access


class CodeForForm(ShapeForm[SignInCodeIn]):
    """Whether the code is for a phone in the place of a lost one."""

    shape = SignInCodeIn
    ids = "id_%s"
    ends_others = forms.BooleanField(
        label=_("The old phone is lost: sign it out when the code is used"), required=False
    )


@record_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code_of(request: HttpRequest, number: str) -> HttpResponseBase:
    """Make a code for a person, shown this once with its QR code; or sign the person out everywhere."""
    volunteer, user, at = volunteer_numbered(number), person_of(request), now()
    require_may_let_in(user, volunteer, at)
    note_access(viewer_user_id=user.pk, volunteer_ids=[volunteer.pk], what=LookedAt.PROFILE, at=at)
    if request.method != "POST":
        return _page(request, volunteer, CodeForForm())

    def act(form: CodeForForm) -> HttpResponse:
        if request.POST.get("act") == "sign-out":
            sign_out_person(volunteer=volunteer, by=user, at=at)
            return _page(
                request, volunteer, CodeForForm(), done=_("The person is signed out on all devices.")
            )
        made = give_sign_in_code(volunteer=volunteer, ends_others=form.body.ends_others, by=user, at=at)
        address = request.build_absolute_uri(reverse("console:sign-in-by-code"))
        picture = drawn(f"{address}#{made.number}.{made.code}")
        return _page(request, volunteer, CodeForForm(), made=made, drawn=picture)

    return act_page(CodeForForm(request.POST), act, lambda form: _page(request, volunteer, form))


def _page(request: HttpRequest, volunteer: Volunteer, form: CodeForForm, **more: Any) -> HttpResponse:
    context = {
        "person": volunteer,
        "number": f"{volunteer.number:08d}",
        "written": format_volunteer_number(volunteer.number),
        "zone": zone_of(person_of(request)),
        "form": form,
        "problem": form.problem,
        **more,
    }
    return show(request, "sign_in_code_of", context, page="roster", status=422 if form.problem else 200)
