"""The page where a partner's leader chooses what those above see of its people."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.forms import ShapeForm, act_page
from backend.accounts.pages.shell import person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import require
from backend.partners.queries import shared_by, sharing_out
from backend.partners.rules import is_partner, may_choose
from backend.partners.schemas import SharingIn, SharingOut
from backend.partners.services import choose_sharing
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import may_oversee
from backend.volunteers.services.access_log import note_named


class SharingForm(ShapeForm[SharingIn]):
    """What those above are to see, and whom they ask."""

    shape, ids = SharingIn, "sharing-%s"
    labels = {
        "shares": _("Those above see"),
        "contact_name": _("Contact: a person or an office"),
        "contact_phone": _("Telephone of the contact"),
    }
    attrs = {"contact_phone": {"type": "tel"}}


@record_page
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show to the leaders of a partner what it shares, and let them choose."""
    unit, by = unit_by_number(number), person_of(request)
    require(may_choose(by, unit, now()))
    if request.method != "POST":
        kept = shared_by(unit)
        names = ("shares", "contact_name", "contact_phone")
        return _show(request, unit, SharingForm(initial={name: getattr(kept, name) for name in names}))

    def choose(form: SharingForm) -> HttpResponse:
        choose_sharing(unit=unit, wanted=form.body, by=by, at=now())
        return redirect("console:unit", number=unit.number)

    return act_page(SharingForm(request.POST), choose, lambda form: _show(request, unit, form))


def sharing_card(user: User, unit: Unit) -> tuple[SharingOut, bool] | None:
    """Return what a partner shares for the page of its unit, and whether the viewer chooses; None of other units."""
    at = now()
    if not is_partner(unit) or not may_oversee(user, unit, at):
        return None
    card = sharing_out(unit, at=at)
    leader = card.contact.volunteer if card.contact else None
    note_named([leader] if leader else [], by=user, at=at, whole_phone=True)
    return card, bool(may_choose(user, unit, at))


def _show(request: HttpRequest, unit: Unit, form: SharingForm) -> HttpResponse:
    context: dict[str, Any] = {
        "unit": unit,
        "unit_number": format_unit_number(unit.number),
        "form": form,
        "problem": form.problem,
    }
    return show(
        request, "sharing", context, page="roster", status=form.answered_with if form.is_bound else 200
    )
