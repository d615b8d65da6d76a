"""The pages of badges: one's own, those of a unit, and the public one that a phone's camera opens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.pages.forms import PageForm, ShapeForm, act_page
from backend.accounts.pages.shell import full_sign_in, person_of, record_page, sent_from, show, whole_number
from backend.badges import queries, services
from backend.badges.badge_card import Card, card_of, card_pdf, cards_pdf
from backend.badges.models import Badge, Paper, SignKind
from backend.badges.schemas import MOST_COPIES, SignsWanted
from backend.badges.sign_sheet import sign_of, signs_pdf
from backend.lib.bodies import MAX_BODY, takes_bytes
from backend.lib.clock import now
from backend.lib.errors import Invalid, Refusal, require, told
from backend.lib.pdf import qr_svg
from backend.lib.texts import as_line
from backend.volunteers import rules
from backend.volunteers.models import LookedAt, Unit, Volunteer
from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number
from backend.volunteers.queries import unit_by_number
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import managed_units
from backend.volunteers.services.access_log import note_access

MOST_PHOTO_BYTES = 10_000_000
SHEET = 200
MEMBERS = 50


class PhotoForm(PageForm):
    """The picture of oneself."""

    ids = "id_%s"
    if_wrong = _("Choose a picture of at most 10 MB.")
    photo = forms.FileField(
        label=_("Choose a picture"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        allow_empty_file=True,
    )

    def clean_photo(self) -> "UploadedFile[Any]":
        """Refuse what is too large before it is looked at."""
        given: UploadedFile[Any] = self.cleaned_data["photo"]
        if (given.size or 0) > MOST_PHOTO_BYTES:
            raise forms.ValidationError(self.if_wrong)
        return given


class SignsForm(ShapeForm[SignsWanted]):
    """Which signs of a unit, on what, and how many."""

    shape, ids = SignsWanted, "signs-%s"
    kind = forms.ChoiceField(label=_("Sign"), choices=SignKind.choices)
    paper = forms.ChoiceField(label=_("Paper"), choices=Paper.choices)
    copies = forms.IntegerField(label=_("Copies"), min_value=1, max_value=MOST_COPIES, initial=1)


@record_page
@full_sign_in
@require_GET
def badge(request: HttpRequest) -> HttpResponse:
    """Show one's badge: the card, a large QR code, and the picture."""
    return _show_mine(request, PhotoForm())


@record_page
@full_sign_in
@require_GET
def badge_card(request: HttpRequest) -> HttpResponse:
    """Give one's card to print."""
    mine = _card(request, queries.badge_of(person_of(request).volunteer))
    return _pdf(card_pdf(mine), f"badge-{mine.number.replace(' ', '')}.pdf")


@takes_bytes(MOST_PHOTO_BYTES + MAX_BODY)
@record_page
@full_sign_in
@sent_from("badge")
def photo(request: HttpRequest) -> HttpResponseBase:
    """Keep or delete the picture of oneself."""
    by = person_of(request)

    def act(form: PhotoForm) -> HttpResponse:
        services.keep_photo(raw=form.cleaned_data["photo"].read(), by=by, at=now())
        return redirect("console:badge")

    if request.POST.get("act") == "delete":
        services.delete_photo(by=by, at=now())
        return redirect("console:badge")
    form = PhotoForm(request.POST, request.FILES)
    unreadable = _("This is no picture that we can read. Choose a JPEG or PNG.")
    return act_page(form, act, lambda form: _show_mine(request, form), {Invalid: unreadable})


@record_page
@require_http_methods(["GET", "POST"])
def unit_badges(request: HttpRequest, number: str = "") -> HttpResponse:
    """Show the badges of a unit's people; issue them to those who are chosen."""
    user, at = person_of(request), now()
    unit = _managed_unit(user, number)
    said, problems = _issue(request, unit) if request.method == "POST" else ("", [])
    page = max(0, whole_number(request.GET.get("page", "0"), digits=8))
    people = Volunteer.objects.filter(memberships__unit=unit).select_related("user").order_by("number")
    shown = list(people[page * MEMBERS : (page + 1) * MEMBERS + 1])
    _note_looks(user, shown[:MEMBERS], LookedAt.PROFILE, at)
    held = Badge.objects.not_revoked().filter(volunteer__in=shown).select_related("volunteer__user")
    badges = {one.volunteer_id: one for one in held}
    context = {
        "unit": unit,
        "unit_number": format_unit_number(unit.number),
        "below": list(_below(unit)),
        "rows": [_row(person, badges.get(person.pk)) for person in shown[:MEMBERS]],
        "before": page - 1 if page else None,
        "after": page + 1 if len(shown) > MEMBERS else None,
        "said": said,
        "problems": problems,
        "most": SHEET,
        "signs_form": SignsForm(),
        "more_than_sheet": queries.has_more_badges(unit, at=at, limit=SHEET),
    }
    return show(request, "unit_badges", context, page="badge")


@record_page
@require_GET
def badge_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """Give the cards of a unit's people on sheets of ten, to print and cut."""
    user, at = person_of(request), now()
    unit = _managed_unit(user, number)
    badges = queries.badges_in(unit, at=at, limit=SHEET)
    if not badges:
        raise Http404
    _note_looks(user, [badge.volunteer for badge in badges], LookedAt.BADGE, at)
    cards = [_card(request, badge) for badge in badges]
    return _pdf(cards_pdf(cards), f"badges-{unit.number}.pdf")


@record_page
@require_GET
def signs(request: HttpRequest, number: str) -> HttpResponse:
    """Give the signs of a unit to print: which, on what and how many, as the form on the page of badges asks."""
    unit, form = _managed_unit(person_of(request), number), SignsForm(request.GET)
    if not form.is_valid():
        raise BadRequest
    wanted = form.body
    address = request.build_absolute_uri(reverse("console:unit", args=[unit.number]))
    sign = sign_of(unit, wanted.kind, address=address)
    drawn = signs_pdf(sign, wanted.kind, wanted.paper, copies=wanted.copies)
    return _pdf(drawn, f"{wanted.kind}-{unit.number}.pdf")


@record_page
@sent_from("unit-badges", "number")
def revoke(request: HttpRequest, number: str, person: str) -> HttpResponse:
    """Revoke the badge of one of a unit's people."""
    reason = as_line(request.POST.get("reason", ""))[:80] or "revoked"
    services.revoke_badge(
        volunteer=volunteer_numbered(person), reason=reason, by=person_of(request), at=now()
    )
    return redirect("console:unit-badges", number=number)


@cache_control(private=True, max_age=queries.LIST_KEPT_S)
@require_GET
def check(request: HttpRequest, text: str) -> HttpResponse:
    """Tell any person the state of a scanned badge, with the number and never the name."""
    checked = queries.check_badge(text, at=now())
    number = format_volunteer_number(int(checked.number)) if checked.number else ""
    context = {"checked": checked, "number": number, "state": checked.state}
    return render(request, "console/check_badge.html", context)


def _show_mine(request: HttpRequest, form: PhotoForm) -> HttpResponse:
    user = person_of(request)
    mine = user.volunteer.badges.not_revoked().select_related("volunteer__user").first()
    context = {
        "badge": mine,
        "state": queries.state_of(mine, at=now()) if mine else "",
        "number": f"{user.volunteer.number:08d}",
        "code": qr_svg(_address(request, mine)) if mine else "",
        "has_photo": hasattr(user.volunteer, "photo"),
        "units": managed_units(user.pk, at=now()),
        "form": form,
    }
    return show(request, "badge", context, page="badge", status=422 if form.problem else 200)


def _issue(request: HttpRequest, unit: Unit) -> tuple[str, list[str]]:
    """Issue badges to the people chosen on the page; return how many, and for each of the others the reason."""
    chosen = Volunteer.objects.filter(
        memberships__unit=unit,
        number__in=[whole_number(one, digits=8) for one in request.POST.getlist("person")[:MEMBERS]],
    )
    issued, problems = 0, []
    for person in chosen.order_by("pk"):
        try:
            services.issue_badge(id=UUID(str(uuid7())), volunteer=person, by=person_of(request), at=now())
        except Refusal as refusal:
            problems.append(f"{format_volunteer_number(person.number)} {person.name}: {told(refusal)}")
        else:
            issued += 1
    return str(_("Badges issued: %(count)s") % {"count": issued}), problems


def _note_looks(user: User, people: list[Volunteer], what: LookedAt, at: datetime) -> None:
    """Note that names, and on cards pictures, were shown."""
    keys = [person.pk for person in people]
    note_access(viewer_user_id=user.pk, volunteer_ids=keys, what=what, at=at)


def _row(person: Volunteer, held: Badge | None) -> dict[str, object]:
    return {
        "person": person,
        "number": f"{person.number:08d}",
        "written": format_volunteer_number(person.number),
        "badge": held,
        "state": queries.state_of(held, at=now()) if held else "",
    }


def _managed_unit(user: User, number: str) -> Unit:
    unit = unit_by_number(number)
    require(rules.may_manage(user, unit, now()))
    return unit


def _below(unit: Unit) -> QuerySet[Unit]:
    """Return the units directly below; a town has at most 113."""
    return Unit.objects.filter(rules.within(unit.path), depth=unit.depth + 1).order_by("path")[:200]


def _card(request: HttpRequest, badge: Badge) -> Card:
    return card_of(badge, address=_address(request, badge))


def _address(request: HttpRequest, badge: Badge) -> str:
    return request.build_absolute_uri(reverse("console:check-badge", args=[queries.text_of(badge)]))


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
