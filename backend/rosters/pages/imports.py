"""Pages of rosters: upload, the report of the check, progress, start and undo."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pydantic
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from uuid6 import uuid7

from backend.accounts.pages.shell import person_of, record_page, said, show, whole_number
from backend.lib.api import now
from backend.lib.bodies import takes_bytes
from backend.lib.errors import NotFound, Refusal, TooLarge, require
from backend.lib.uploads import MAX_UPLOAD
from backend.rosters.models import WORKING, ImportStatus, Outcome, RosterImport
from backend.rosters.queries.imports import import_by_id, import_out, imports_below, report_of
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.schemas.imports import ImportIn, ImportNote, SheetOut
from backend.rosters.services.import_uploads import keep_upload
from backend.rosters.services.imports import start_import, undo_import
from backend.volunteers import rules
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.pages.choosing import Choice, chosen_unit
from backend.volunteers.queries.units import managed_units

AT_UPLOAD = {TooLarge: _("The file is too large.")}


@takes_bytes(MAX_UPLOAD)
@record_page
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponseBase:
    """Show a unit's imports and the form for a new one; `?unit=` chooses among the units one looks after."""
    user, at = person_of(request), now()
    units = managed_units(user.pk, at=at)
    require(bool(units))
    choice = chosen_unit(units, request.GET.get("unit", ""))
    unit = choice.unit
    require(rules.may_manage(user, unit, at))
    if request.method == "GET":
        return _list(request, choice)
    try:
        return redirect("console:import", import_id=_uploaded(request, unit).pk)
    except Refusal as refusal:
        return _list(request, choice, problem=said(refusal, AT_UPLOAD))
    except pydantic.ValidationError:
        return _list(request, choice, problem=_("Name the import, and choose a file."))


@record_page
@require_http_methods(["GET", "POST"])
def roster_import(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Show an import with its report; start it or undo it."""
    batch = import_by_id(import_id)
    require(rules.may_manage(person_of(request), batch.unit, now()))
    if request.method == "GET":
        return _one(request, batch)
    try:
        _act(request, batch)
    except Refusal as refusal:
        return _one(request, import_by_id(import_id), problem=said(refusal))
    return redirect("console:import", import_id=import_id)


def _names_of_units(told: Sequence[SheetOut | ImportNote]) -> dict[str, str]:
    """Return the names of the units that are spoken of, by their numbers."""
    numbers = {each.unit for each in told if each.unit}
    units = Unit.objects.filter(number__in=numbers).values_list("number", "display_name")
    return {number: f"{name} {format_unit_number(number)}" for number, name in units}


def _uploaded(request: HttpRequest, unit: Unit) -> RosterImport:
    file = request.FILES.get("file")
    wanted = ImportIn.model_validate({"id": request.POST.get("id"), "name": request.POST.get("name", "")})
    if file is None:
        raise UnreadableRoster
    return keep_upload(id=wanted.id, unit=unit, name=wanted.name, file=file, by=person_of(request), at=now())


def _act(request: HttpRequest, batch: RosterImport) -> None:
    user, at = person_of(request), now()
    match request.POST.get("act"):
        case "start":
            skip = request.POST.get("skip_rejected") == "yes"
            start_import(import_id=batch.pk, skip_rejected=skip, by=user, at=at)
        case "undo":
            undo_import(import_id=batch.pk, by=user, at=at)
        case _:
            raise NotFound


def _list(request: HttpRequest, choice: Choice, *, problem: Promise | str = "") -> HttpResponse:
    context = {
        "unit": choice.unit,
        "choices": choice.choices,
        "sought": choice.sought,
        "batches": imports_below(choice.unit),
        "problem": problem,
        "id": uuid7(),
    }
    return show(request, "imports", context, page="imports", status=422 if problem else 200)


def _one(request: HttpRequest, batch: RosterImport, *, problem: Promise | str = "") -> HttpResponse:
    described = import_out(batch)
    units = _names_of_units([*described.sheets, *described.notes])
    report = report_of(batch, after=whole_number(request.GET.get("after", ""), digits=7))
    can_undo = {ImportStatus.CHECKING, ImportStatus.CHECKED, ImportStatus.IMPORTED, ImportStatus.FAILED}
    context: dict[str, Any] = {
        "batch": batch,
        "failure": described.failure,
        "rows": described.rows_total,
        "left_out": described.rows_left_out,
        "sheets": [(sheet, units.get(sheet.unit, batch.unit.display_name)) for sheet in described.sheets],
        "notes": [(note, units.get(note.unit, "")) for note in described.notes],
        "working": batch.status in WORKING,
        "report": [(row, Outcome(row.outcome).label) for row in report.items],
        "next": report.next,
        "problem": problem,
        "can_start": batch.status == ImportStatus.CHECKED,
        "can_undo": batch.status in can_undo,
        "is_imported": batch.status == ImportStatus.IMPORTED,
    }
    return show(request, "import", context, page="imports", status=422 if problem else 200)
