"""The page where leaders print invitations for people who have no password yet."""

from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.shell import person_of, record_page, show, whole_number
from backend.joining.invitation_pdf import slips_pdf
from backend.joining.services.invitations import invite
from backend.lib.clock import now
from backend.lib.errors import require
from backend.volunteers import rules
from backend.volunteers.models import LookedAt, Unit, Volunteer
from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number
from backend.volunteers.queries import unit_by_number
from backend.volunteers.services.access_log import note_access

AT_ONCE = 200


@record_page
@require_http_methods(["GET", "POST"])
def invitations(request: HttpRequest, number: str) -> HttpResponse:
    """Show the people to invite, who have no password yet; print slips for those chosen and void their former codes."""
    unit, user, at = unit_by_number(number), person_of(request), now()
    require(rules.may_manage(user, unit, at))
    place = whole_number(request.GET.get("page", ""), digits=5)
    found = _waiting(unit, user, at, start=place * AT_ONCE)
    waiting = found[:AT_ONCE]
    keys = [person.pk for person in waiting]
    note_access(viewer_user_id=user.pk, volunteer_ids=keys, what=LookedAt.PROFILE, at=at)
    chosen = (
        {one for one in request.POST.getlist("person") if one.isdecimal()}
        if request.method == "POST"
        else set()
    )
    invited = [person for person in waiting if f"{person.number:08d}" in chosen]
    if invited:
        return _slips(request, invited)
    context = {
        "unit": unit,
        "unit_number": format_unit_number(unit.number),
        "people": [
            {
                "number": f"{person.number:08d}",
                "written": format_volunteer_number(person.number),
                "name": person.name,
            }
            for person in waiting
        ],
        "nobody": request.method == "POST",
        "before": place - 1 if place else None,
        "after": place + 1 if len(found) > AT_ONCE else None,
    }
    return show(request, "invitations", context, page="badge", status=422 if context["nobody"] else 200)


def _waiting(unit: Unit, user: User, at: datetime, *, start: int) -> list[Volunteer]:
    """Return the members of a unit who cannot sign in yet and whom `user` may invite, by number.

    As many as fit a page, and one more.
    """
    no_password = Q(user__password="") | Q(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    without = Volunteer.objects.filter(no_password, memberships__unit=unit, user__is_active=True)
    without = without.exclude(pk__in=rules.posts_beyond_invitation(user, at).values("volunteer"))
    return list(without.select_related("user").order_by("number")[start : start + AT_ONCE + 1])


def _slips(request: HttpRequest, people: list[Volunteer]) -> HttpResponse:
    made = invite(volunteers=people, by=person_of(request), at=now())
    address = request.build_absolute_uri(reverse("console:sign-in-invitation"))
    response = HttpResponse(slips_pdf(made, address=address), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="invitations.pdf"'
    return response
