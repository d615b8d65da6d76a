"""The pages of numbers: looking one up, registering who came to help, and blocks to take along."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import pydantic
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.pages.shell import person_of, record_page, said, sent_from, show
from backend.lib.api import now
from backend.lib.errors import Invalid, NotFound, Refusal, require, told
from backend.numbers.queries.blocks import block_with_numbers, blocks_of
from backend.numbers.queries.look_up import look_up
from backend.numbers.schemas import (
    MOST_IN_BLOCK,
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

_Body = TypeVar("_Body", bound=pydantic.BaseModel)

STATES: dict[str, Promise] = {
    "registered": _("A volunteer's number"),
    "temporary": _("A temporary number"),
    "alias": _("An old number of a volunteer"),
    "block": _("Handed to a unit, nobody has it yet"),
    "void": _("Void: nobody has it, and nobody will"),
    "not_issued": _("Not issued yet"),
    "invalid": _("This is no volunteer number"),
}
_MOST_SHOWN = 20
"""Units whose blocks are looked up."""


@dataclass(frozen=True, slots=True)
class UnitBlocks:
    """A unit that the person looks after, and its blocks."""

    unit: Unit
    blocks: list[BlockOut]


@require_GET
@record_page
def numbers(request: HttpRequest) -> HttpResponseBase:
    """Look a number up; register who came to help; see the blocks of one's units."""
    asked = request.GET.get("number", "").strip()
    return _page(request, {"asked": asked, **(_found(asked, person_of(request), now()) if asked else {})})


@record_page
@sent_from("numbers")
def walk_in(request: HttpRequest) -> HttpResponseBase:
    """Register a walk-in on the spot, and show the temporary number."""
    unit = unit_by_number(request.POST.get("unit", ""))
    body, wrong = _body(WalkInIn, request, ("id", "name", "phone", "born_on"))
    if body is None:
        return _refused(request, told(Invalid()), wrong)
    try:
        person = register_walk_in(
            walk_in_id=body.id,
            unit=unit,
            name=body.name,
            phone=body.phone,
            born_on=body.born_on,
            by=person_of(request),
            at=now(),
        )
    except Refusal as refusal:
        return _told(request, refusal)
    return _to_number(person.number)


@record_page
@sent_from("numbers")
def life_number(request: HttpRequest) -> HttpResponseBase:
    """Give whoever has a temporary number one for life."""
    number = number_in(request.POST.get("number", ""))
    try:
        person = give_life_number(number=number, by=person_of(request), at=now())
    except Refusal as refusal:
        return _told(request, refusal)
    return _to_number(person.number)


@record_page
@sent_from("numbers")
def new_block(request: HttpRequest) -> HttpResponseBase:
    """Hand a block of numbers to a unit, and show it."""
    unit = unit_by_number(request.POST.get("unit", ""))
    body, wrong = _body(BlockIn, request, ("id", "size"))
    if body is None:
        return _refused(request, told(Invalid()), wrong)
    try:
        block = issue_block(block_id=body.id, unit=unit, size=body.size, by=person_of(request), at=now())
    except Refusal as refusal:
        return _told(request, refusal)
    return redirect("console:number-block", unit.number, block.pk)


@require_GET
@record_page
def block(request: HttpRequest, number: str, block_id: UUID) -> HttpResponseBase:
    """Show all numbers of a block, to be printed."""
    unit = unit_by_number(number)
    require(may_manage(person_of(request), unit, now()))
    return _block_page(request, unit, block_id)


@record_page
@sent_from("number-block", "number", "block_id")
def register(request: HttpRequest, number: str, block_id: UUID) -> HttpResponseBase:
    """Bring in somebody who got a number of the block without a network."""
    unit = unit_by_number(number)
    require(may_manage(person_of(request), unit, now()))
    body, wrong = _body(RegistrationIn, request, ("number", "name", "phone", "born_on"))
    given = read_number(request.POST.get("number", ""))
    if body is None or given is None:
        wrong |= {"number"} if given is None else set()
        return _block_page(request, unit, block_id, told(Invalid()), wrong)
    try:
        register_from_block(
            number=given,
            unit=unit,
            name=body.name,
            phone=body.phone,
            born_on=body.born_on,
            by=person_of(request),
            at=now(),
        )
    except Refusal as refusal:
        return _block_page(request, unit, block_id, said(refusal), _fields_of(refusal))
    return redirect("console:number-block", unit.number, block_id)


@record_page
@sent_from("number-block", "number", "block_id")
def take_back(request: HttpRequest, number: str, block_id: UUID) -> HttpResponseBase:
    """Take a block back: what is left of it is void."""
    unit = unit_by_number(number)
    return_block(block_id=block_id, unit=unit, by=person_of(request), at=now())
    return redirect("console:number-block", unit.number, block_id)


def _block_page(
    request: HttpRequest, unit: Unit, block_id: UUID, problem: str = "", wrong: set[str] | None = None
) -> HttpResponse:
    context = {
        "unit": unit,
        "held": block_with_numbers(unit, block_id),
        "problem": problem,
        "given": request.POST,
        "wrong": wrong or set(),
    }
    return show(request, "number_block", context, page="numbers", status=422 if problem else 200)


def _page(request: HttpRequest, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
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
    # The ids are made here: a leader who sends a form twice registers no person twice.
    made: dict[str, Any] = {"choices": choice.choices, "sought": choice.sought} if choice else {}
    made |= {"units": units, "managed": managed, "walk_in_id": uuid7(), "block_id": uuid7()}
    return show(
        request, "numbers", {**made, "most_in_block": MOST_IN_BLOCK, **context}, page="numbers", status=status
    )


def _found(asked: str, user: User, at: datetime) -> dict[str, Any]:
    """Return what is shown of a number; what somebody may not see is told like what does not exist."""
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


def _body(shape: type[_Body], request: HttpRequest, names: tuple[str, ...]) -> tuple[_Body | None, set[str]]:
    """Return the fields of a form as the shape that the REST view takes; None, and which of them do not fit."""
    fields = {name: value for name in names if (value := request.POST.get(name, "").strip())}
    try:
        return shape.model_validate(fields), set()
    except pydantic.ValidationError as error:
        return None, {str(one["loc"][0]) for one in error.errors() if one["loc"]}


def _told(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return the page with the reason for which something was not done; what is hidden stays so."""
    return _refused(request, said(refusal), _fields_of(refusal))


def _fields_of(refusal: Refusal) -> set[str]:
    """Return which fields of the form a refusal is about."""
    return {refusal.field} | {error["pointer"].lstrip("/") for error in refusal.errors}


def _refused(request: HttpRequest, why: str, wrong: set[str] | None = None) -> HttpResponse:
    return _page(request, {"problem": why, "given": request.POST, "wrong": wrong or set()}, status=422)


def _to_number(number: int) -> HttpResponse:
    address = reverse("console:numbers")
    return redirect(f"{address}?{urlencode({'number': format_volunteer_number(number)})}")
