"""The pages of numbers: looking one up, registering walk-ins, and blocks to take along."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from backend.accounts.models import User
from backend.accounts.pages.forms import SHARED_PHONE, PageForm, ShapeForm, act_page
from backend.accounts.pages.shell import person_of, record_page, sent_from, show
from backend.lib.clock import now
from backend.lib.errors import NotFound, require
from backend.numbers.queries.blocks import block_with_numbers, blocks_of
from backend.numbers.queries.look_up import look_up
from backend.numbers.schemas import (
    BlockIn,
    BlockOut,
    NumberOut,
    RegistrationIn,
    WalkInIn,
)
from backend.numbers.services.access_log import note_look_up
from backend.numbers.services.number_blocks import issue_block, register_from_block, return_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.volunteers.models import Unit
from backend.volunteers.number_parsing import read_number
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.pages.choosing import chosen_unit
from backend.volunteers.queries import dispatched_units, unit_by_number
from backend.volunteers.queries.numbers import number_in
from backend.volunteers.rules import may_dispatch, may_manage
from backend.volunteers.services.life_numbers import give_life_number

STATES: dict[str, Promise] = {
    "registered": _("A volunteer's number"),
    "temporary": _("A temporary number"),
    "alias": _("An old number of a volunteer"),
    "block": _("Handed to a unit, nobody has it yet"),
    "void": _("Void: nobody has it, and nobody will"),
    "not_issued": _("Not issued yet"),
    "invalid": _("This is no volunteer number"),
}
PERSON: dict[str, Promise] = {
    "name": _("Name"),
    "phone": _("Phone, if there is one"),
    "shared_phone": SHARED_PHONE,
    "born_on": _("Born on, if known"),
}
PHONE = {"phone": {"type": "tel"}}
_MOST_SHOWN = 20
"""Units whose blocks are looked up."""


@dataclass(frozen=True, slots=True)
class UnitBlocks:
    """A unit that the person looks after, and its blocks."""

    unit: Unit
    blocks: list[BlockOut]


class UnitChoice(PageForm):
    """A form for one of a person's units."""

    unit = forms.CharField(label=_("Unit"), max_length=20, widget=forms.Select)

    def choose_from(self, units: Sequence[Unit]) -> None:
        """Offer these units."""
        choices = [(unit.number, unit.display_name) for unit in units]
        cast(forms.Select, self.fields["unit"].widget).choices = choices


class WalkInForm(UnitChoice, ShapeForm[WalkInIn]):
    """A person who came to help."""

    shape, labels, attrs = WalkInIn, PERSON, PHONE


class LifeNumberForm(PageForm):
    """The number that is to become one for life."""

    number = forms.CharField(max_length=40, widget=forms.HiddenInput)


class BlockForm(UnitChoice, ShapeForm[BlockIn]):
    """Numbers to take along."""

    shape, labels = BlockIn, {"size": _("How many")}
    ids = "block-%s"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["size"].initial = 50


class RegistrationForm(ShapeForm[RegistrationIn]):
    """A person who got a number of a block without a network."""

    shape, labels = RegistrationIn, {"number": _("Number"), **PERSON}
    attrs = {"number": {"inputmode": "numeric"}, **PHONE}
    field_order = ["number", *PERSON]

    def clean(self) -> dict[str, Any]:
        """Read the number, however it is written."""
        cleaned = super().clean()
        number = read_number(cleaned.get("number", ""))
        if number is None and not self.has_error("number"):
            self.add_error("number", str(STATES["invalid"]))
        self.number = number or 0
        return cleaned


@require_GET
@record_page
def numbers(request: HttpRequest) -> HttpResponseBase:
    """Look a number up; register a walk-in; see the blocks of one's units."""
    asked = request.GET.get("number", "").strip()
    return _page(request, asked=asked, **(_found(asked, person_of(request), now()) if asked else {}))


@record_page
@sent_from("numbers")
def walk_in(request: HttpRequest) -> HttpResponseBase:
    """Register a walk-in on the spot, and show the temporary number."""

    def act(form: WalkInForm) -> HttpResponse:
        person = register_walk_in(
            walk_in_id=form.body.id,
            unit=unit_by_number(form.cleaned_data["unit"]),
            name=form.body.name,
            phone=form.body.phone,
            shared_phone=form.body.shared_phone,
            born_on=form.body.born_on,
            by=person_of(request),
            at=now(),
        )
        return _to_number(person.number)

    return act_page(WalkInForm(request.POST), act, lambda form: _page(request, walk_in_form=form))


@record_page
@sent_from("numbers")
def life_number(request: HttpRequest) -> HttpResponseBase:
    """Give a person who has a temporary number one for life."""

    def act(form: LifeNumberForm) -> HttpResponse:
        number = number_in(form.cleaned_data["number"])
        return _to_number(give_life_number(number=number, by=person_of(request), at=now()).number)

    return act_page(LifeNumberForm(request.POST), act, lambda form: _page(request, life_number_form=form))


@record_page
@sent_from("numbers")
def new_block(request: HttpRequest) -> HttpResponseBase:
    """Hand a block of numbers to a unit, and show it."""

    def act(form: BlockForm) -> HttpResponse:
        unit, body = unit_by_number(form.cleaned_data["unit"]), form.body
        block = issue_block(block_id=body.id, unit=unit, size=body.size, by=person_of(request), at=now())
        return redirect("console:number-block", unit.number, block.pk)

    return act_page(BlockForm(request.POST), act, lambda form: _page(request, block_form=form))


@require_GET
@record_page
def block(request: HttpRequest, number: str, block_id: UUID) -> HttpResponseBase:
    """Show all numbers of a block, to be printed."""
    return _block_page(request, _managed(request, number), block_id, RegistrationForm())


@record_page
@sent_from("number-block", "number", "block_id")
def register(request: HttpRequest, number: str, block_id: UUID) -> HttpResponseBase:
    """Bring in a person who got a number of the block without a network."""
    unit = _managed(request, number)

    def act(form: RegistrationForm) -> HttpResponse:
        register_from_block(
            number=form.number,
            unit=unit,
            name=form.body.name,
            phone=form.body.phone,
            shared_phone=form.body.shared_phone,
            born_on=form.body.born_on,
            by=person_of(request),
            at=now(),
        )
        return redirect("console:number-block", unit.number, block_id)

    form = RegistrationForm(request.POST)
    return act_page(form, act, lambda form: _block_page(request, unit, block_id, form))


@record_page
@sent_from("number-block", "number", "block_id")
def take_back(request: HttpRequest, number: str, block_id: UUID) -> HttpResponseBase:
    """Take a block back: what is left of it is void."""
    unit = unit_by_number(number)
    return_block(block_id=block_id, unit=unit, by=person_of(request), at=now())
    return redirect("console:number-block", unit.number, block_id)


def _managed(request: HttpRequest, number: str) -> Unit:
    unit = unit_by_number(number)
    require(may_manage(person_of(request), unit, now()))
    return unit


def _block_page(request: HttpRequest, unit: Unit, block_id: UUID, form: RegistrationForm) -> HttpResponse:
    context = {"unit": unit, "held": block_with_numbers(unit, block_id), "form": form}
    return show(request, "number_block", context, page="numbers", status=422 if form.problem else 200)


def _page(request: HttpRequest, **context: Any) -> HttpResponse:
    """Show the page; `context` has what was looked up, or the form that was refused."""
    user, at = person_of(request), now()
    tops = dispatched_units(user.pk, at=at)
    choice = chosen_unit(tops, request.POST.get("unit", "") or request.GET.get("unit", "")) if tops else None
    units = tops
    if choice is not None and may_dispatch(user, choice.unit, at):
        below = [unit for unit in choice.choices if unit not in tops] if not choice.sought else []
        units = list(dict.fromkeys([choice.unit, *tops, *below]))
    managed = [
        UnitBlocks(unit, blocks_of(unit)) for unit in units[:_MOST_SHOWN] if may_manage(user, unit, at)
    ]
    made: dict[str, Any] = {"choices": choice.choices, "sought": choice.sought} if choice else {}
    # The ids are made with the forms: a leader who sends one twice registers no person twice.
    forms = {"walk_in_form": WalkInForm(), "block_form": BlockForm()} | context
    forms["walk_in_form"].choose_from(units)
    forms["block_form"].choose_from([each.unit for each in managed])
    problem = next(
        (form.problem for form in forms.values() if isinstance(form, PageForm) and form.problem), ""
    )
    shown = {**made, **forms, "units": units, "managed": managed, "problem": problem}
    return show(request, "numbers", shown, page="numbers", status=422 if problem else 200)


def _found(asked: str, user: User, at: datetime) -> dict[str, Any]:
    """Return what is shown of a number; a number that the caller may not see looks like one that does not exist."""
    try:
        found = look_up(asked, by=user, at=at)
    except NotFound:
        return {"hidden": True}
    note_look_up(found, by=user, at=at)
    return {"found": found, "state": STATES[found.state], "written": _written(found)}


def _written(found: NumberOut) -> dict[str, str]:
    """Return the numbers of a result as people read them, by the name of their field."""
    both = {"number": found.number, "now": found.now if found.state == "alias" else None}
    return {name: format_volunteer_number(int(number)) for name, number in both.items() if number}


def _to_number(number: int) -> HttpResponse:
    address = reverse("console:numbers")
    return redirect(f"{address}?{urlencode({'number': format_volunteer_number(number)})}")
