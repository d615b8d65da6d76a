"""Pages of rosters: upload, the report of the check, progress, start and undo."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.forms import PageForm, ShapeForm, act_page
from backend.accounts.pages.shell import person_of, record_page, show, whole_number
from backend.lib.bodies import takes_bytes
from backend.lib.clock import now
from backend.lib.errors import NotFound, TooLarge, require
from backend.lib.uploads import MAX_UPLOAD
from backend.rosters.models import ImportStatus, Outcome, RosterImport
from backend.rosters.queries.differences import counts_of
from backend.rosters.queries.imports import import_by_id, import_out, imports_below, report_of
from backend.rosters.schemas.imports import ImportIn, ImportNote, SheetOut
from backend.rosters.services.import_uploads import keep_upload
from backend.rosters.services.imports import start_import, undo_import
from backend.volunteers import rules
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.pages.choosing import Choice, chosen_unit
from backend.volunteers.queries.units import managed_units


class UploadForm(ShapeForm[ImportIn]):
    """The file of a roster, and what its import is called."""

    shape, labels = ImportIn, {"name": _("Name of the import")}
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,  # what a file lacks is said by the service
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        help_text=_(
            "CSV or XLSX, headings in Chinese or English. The file is checked first; nobody is in the roster before "
            "you start the import."
        ),
    )
    if_wrong = _("Name the import, and choose a file.")
    field_order = ["name", "file"]


class StartForm(PageForm):
    """Whether the rejected rows are left out, and the people who are new."""

    skip_rejected = forms.BooleanField(required=False)
    skip_new = forms.BooleanField(required=False)


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
        return _list(request, choice, UploadForm())

    def act(form: UploadForm) -> HttpResponse:
        file, wanted = form.cleaned_data["file"], form.body
        batch = keep_upload(id=wanted.id, unit=unit, name=wanted.name, file=file, by=user, at=at)
        return redirect("console:import", import_id=batch.pk)

    form = UploadForm(request.POST, request.FILES)
    too_large = {TooLarge: _("The file is too large.")}
    return act_page(form, act, lambda form: _list(request, choice, form), too_large)


@record_page
@require_http_methods(["GET", "POST"])
def roster_import(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Show an import with its report; start it or undo it."""
    batch = import_by_id(import_id)
    require(rules.may_manage(person_of(request), batch.unit, now()))
    if request.method == "GET":
        return _one(request, batch)

    def act(form: StartForm) -> HttpResponse:
        by, at = person_of(request), now()
        match request.POST.get("act"):
            case "start":
                start_import(import_id=batch.pk, **form.cleaned_data, by=by, at=at)
            case "undo":
                undo_import(import_id=batch.pk, by=by, at=at)
            case _:
                raise NotFound
        return redirect("console:import", import_id=import_id)

    form = StartForm(request.POST)
    return act_page(form, act, lambda form: _one(request, import_by_id(import_id), form.problem))


def _names_of_units(told: Sequence[SheetOut | ImportNote]) -> dict[str, str]:
    """Return the names of the units that are spoken of, by their numbers."""
    numbers = {each.unit for each in told if each.unit}
    units = Unit.objects.filter(number__in=numbers).values_list("number", "display_name")
    return {number: f"{name} {format_unit_number(number)}" for number, name in units}


def _list(request: HttpRequest, choice: Choice, form: UploadForm) -> HttpResponse:
    context = {
        "unit": choice.unit,
        "choices": choice.choices,
        "sought": choice.sought,
        "batches": imports_below(choice.unit),
        "form": form,
    }
    return show(request, "imports", context, page="imports", status=422 if form.problem else 200)


def _one(request: HttpRequest, batch: RosterImport, problem: str = "") -> HttpResponse:
    described = import_out(batch)
    units = _names_of_units([*described.sheets, *described.notes])
    report = report_of(batch, after=whole_number(request.GET.get("after", ""), digits=7))
    context: dict[str, Any] = {
        "batch": batch,
        "differences": sum(group.count for group in counts_of(batch, person_of(request), now())),
        "failure": described.failure,
        "rows": described.rows_total,
        "left_out": described.rows_left_out,
        "sheets": [(sheet, units.get(sheet.unit, batch.unit.display_name)) for sheet in described.sheets],
        "notes": [(note, units.get(note.unit, "")) for note in described.notes],
        "working": batch.is_working,
        "report": [(row, Outcome(row.outcome).label) for row in report.items],
        "next": report.next,
        "problem": problem,
        "can_start": batch.status == ImportStatus.CHECKED,
        "can_undo": batch.status in ImportStatus.undoable(),
        "is_imported": batch.status == ImportStatus.IMPORTED,
    }
    return show(request, "import", context, page="imports", status=422 if problem else 200)
