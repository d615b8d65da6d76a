"""REST views of rosters: imports, the export, the template."""

import hashlib
from typing import Any, ClassVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import django_request, user_of
from backend.lib.api import answer, parse, parse_form
from backend.lib.bodies import takes_bytes
from backend.lib.clock import now
from backend.lib.errors import Invalid, require
from backend.lib.streaming import streamed
from backend.lib.uploads import MAX_UPLOAD
from backend.realtime.views import View
from backend.rosters.models import RosterImport
from backend.rosters.queries.imports import import_by_id, import_out, imports_of, report_of
from backend.rosters.reading.files import RosterFormat
from backend.rosters.reading.tables import CSV_TYPE, XLSX_TYPE
from backend.rosters.reading.template import Language, template_parts
from backend.rosters.schemas.imports import ImportIn, ImportOut, ImportReport, Imports, ImportStart
from backend.rosters.services.exports import export_roster
from backend.rosters.services.import_uploads import keep_upload
from backend.rosters.services.imports import start_import, undo_import
from backend.volunteers import queries, rules
from backend.volunteers.models import Unit

_FORMATS = {RosterFormat.CSV.value: CSV_TYPE, RosterFormat.XLSX.value: XLSX_TYPE}
_AS = OpenApiParameter("as", str, enum=list(_FORMATS), description="the format; csv by default")
_LANGUAGE = OpenApiParameter("language", str, enum=["en", "zh"], description="of the headings; zh by default")
_AFTER = OpenApiParameter("after", int, description="`next` of the page before")
_FILES: Any = {(200, type): OpenApiTypes.BINARY for type in _FORMATS.values()}
_FORM: Any = {
    "multipart/form-data": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "name": {"type": "string", "maxLength": 80},
            "file": {"type": "string", "format": "binary"},
        },
        "required": ["id", "name", "file"],
    }
}


def managed_unit(request: Request, number: str) -> Unit:
    """Return the unit, for those who look after it."""
    unit = queries.unit_by_number(number)
    require(rules.may_manage(user_of(request), unit, now()))
    return unit


def managed_import(request: Request, import_id: UUID) -> RosterImport:
    """Return the import, for those who look after its unit."""
    batch = import_by_id(import_id)
    require(rules.may_manage(user_of(request), batch.unit, now()))
    return batch


@takes_bytes(MAX_UPLOAD)
class ImportsView(View):
    """The imports of a unit."""

    parser_classes = (MultiPartParser,)
    repeatable = ("post",)

    def content(self, request: Request, **address: Any) -> str:
        """Return the form, with its file as a hash that is read portion by portion; no file of a stranger's is read."""
        managed_unit(request, address["number"])
        form: Any = request.data
        file, digest = form.get("file"), hashlib.sha256()
        for portion in file.chunks() if isinstance(file, UploadedFile) else ():
            digest.update(portion)
        return " ".join([request.path, str(form.get("id")), str(form.get("name")), digest.hexdigest()])

    @extend_schema(operation_id="imports", responses=Imports, tags=["roster"])
    def get(self, request: Request, number: str) -> Response:
        """Return the latest imports of a unit, for those who look after it."""
        return answer(imports_of(managed_unit(request, number)))

    @extend_schema(operation_id="import_roster", request=_FORM, responses={201: ImportOut}, tags=["roster"])
    def post(self, request: Request, number: str) -> Response:
        """Upload a roster, CSV or XLSX, to be checked; no person is in the roster before the import is started."""
        unit = managed_unit(request, number)
        body, file = parse_form(ImportIn, request, file="file")
        batch = keep_upload(id=body.id, name=body.name, file=file, unit=unit, by=user_of(request), at=now())
        return answer(import_out(batch), status=201)


class ImportView(View):
    """An import."""

    @extend_schema(operation_id="import", responses=ImportOut, tags=["roster"])
    def get(self, request: Request, import_id: UUID) -> Response:
        """Return how far an import has got."""
        return answer(import_out(managed_import(request, import_id)))


class ImportReportView(View):
    """The report of an import."""

    parameters: ClassVar = {"get": ("after",)}

    @extend_schema(operation_id="import_report", parameters=[_AFTER], responses=ImportReport, tags=["roster"])
    def get(self, request: Request, import_id: UUID) -> Response:
        """Return the rows that were not plainly accepted, 200 at a time; of each outcome the first 10,000 are kept."""
        return answer(report_of(managed_import(request, import_id), after=place_after(request)))


class ImportStartView(View):
    """Importing what was checked."""

    @extend_schema(operation_id="start_import", request=ImportStart, responses=ImportOut, tags=["roster"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Import a checked roster: a little later all of its people are there at once."""
        batch, body = managed_import(request, import_id), parse(ImportStart, request)
        started = start_import(
            import_id=batch.pk,
            skip_rejected=body.skip_rejected,
            skip_new=body.skip_new,
            by=user_of(request),
            at=now(),
        )
        return answer(import_out(started))

    def post_again(self, request: Request, import_id: UUID) -> Response:
        """Return how far the import has got."""
        return answer(import_out(managed_import(request, import_id)))


class ImportUndoView(View):
    """Undoing an import."""

    @extend_schema(operation_id="undo_import", request=None, responses=ImportOut, tags=["roster"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Undo an import, as long as nothing depends on its people."""
        batch = managed_import(request, import_id)
        return answer(import_out(undo_import(import_id=batch.pk, by=user_of(request), at=now())))

    def post_again(self, request: Request, import_id: UUID) -> Response:
        """Return how far the import has got."""
        return answer(import_out(managed_import(request, import_id)))


class RosterView(View):
    """The roster of a unit as a file."""

    parameters: ClassVar = {"get": ("as",)}

    @extend_schema(operation_id="export_roster", parameters=[_AS], responses=_FILES, tags=["roster"])
    def get(self, request: Request, number: str) -> StreamingHttpResponse:
        """Return the people of a unit and below it, for those who look after it; the export is recorded."""
        unit, format = managed_unit(request, number), chosen_format(request)
        parts = export_roster(unit=unit, format=format, by=user_of(request), at=now())
        return streamed(
            django_request(request),
            parts,
            content_type=_FORMATS[format],
            name=f"roster-{unit.number}.{format}",
        )


class TemplateView(View):
    """The empty roster."""

    parameters: ClassVar = {"get": ("as", "language")}

    @extend_schema(
        operation_id="roster_template", parameters=[_AS, _LANGUAGE], responses=_FILES, tags=["roster"]
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Return the empty roster with its headings and an example."""
        format = chosen_format(request)
        language = chosen_language(request)
        return streamed(
            django_request(request),
            template_parts(format, language),
            content_type=_FORMATS[format],
            name=f"roster-{language}.{format}",
        )


def chosen_language(request: Request) -> Language:
    """Return `language` of the query. Raises Invalid."""
    match request.query_params.get("language", "zh"):
        case "zh":
            return "zh"
        case "en":
            return "en"
    raise Invalid(errors=[{"pointer": "/language", "detail": "must be zh or en"}])


def chosen_format(request: Request) -> str:
    """Return `as` of the query. Raises Invalid."""
    format = request.query_params.get("as", RosterFormat.CSV.value)
    if format not in _FORMATS:
        raise Invalid(errors=[{"pointer": "/as", "detail": "must be csv or xlsx"}])
    return format


def place_after(request: Request) -> int:
    """Return `after` of the query. Raises Invalid."""
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise Invalid(errors=[{"pointer": "/after", "detail": "must be `next` of the page before"}])
    return int(text)
