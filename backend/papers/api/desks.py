"""REST views of what desks enter in an occasion."""

from base64 import b64decode
from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.papers import queries
from backend.papers.schemas import AgreementIn, AttestationIn, BriefingIn, SheetOut
from backend.papers.services import desks
from backend.realtime.views import View
from backend.volunteers.models import LookedAt
from backend.volunteers.services.access_log import note_access

ENTERED = {201: SheetOut, 200: SheetOut}


class BriefingsView(View):
    """Trainings at a desk."""

    repeatable: ClassVar = ("post",)

    @extend_schema(operation_id="brief", request=BriefingIn, responses=ENTERED, tags=["papers"])
    def post(self, request: Request, occasion_id: UUID) -> Response:
        """Enter up to 200 people who were trained for an occasion; the same id and content is the same sheet (200).

        The trainer has a post that manages the occasion's unit, or a valid training of their own.
        """
        body, at = parse(BriefingIn, request), now()
        sheet = desks.brief(occasion_id=occasion_id, wanted=body, by=user_of(request), at=at)
        return answer(queries.sheet_out(sheet), status=201 if sheet.at == at else 200)


class AgreementsView(View):
    """Agreements that were signed on paper."""

    repeatable: ClassVar = ("post",)

    @extend_schema(operation_id="sign_list", request=AgreementIn, responses=ENTERED, tags=["papers"])
    def post(self, request: Request, occasion_id: UUID) -> Response:
        """Enter up to 200 people who signed a list, with its photo; the same id and content is the same sheet (200).

        At most 1,600 pixels of the photo are kept, sealed, and nothing else of the file.
        """
        body, at = parse(AgreementIn, request), now()
        sheet = desks.sign_list(occasion_id=occasion_id, wanted=body, by=user_of(request), at=at)
        return answer(queries.sheet_out(sheet), status=201 if sheet.at == at else 200)


class AttestationsView(View):
    """Ages that are attested by a document that was seen."""

    repeatable: ClassVar = ("post",)

    @extend_schema(operation_id="attest", request=AttestationIn, responses=ENTERED, tags=["papers"])
    def post(self, request: Request, occasion_id: UUID) -> Response:
        """Attest, as a desk that the commander has named, that up to 200 people are 18; never oneself.

        The same id and content is the same sheet (200). A date of birth that turns up later decides alone.
        """
        body, at = parse(AttestationIn, request), now()
        sheet = desks.attest(occasion_id=occasion_id, wanted=body, by=user_of(request), at=at)
        return answer(queries.sheet_out(sheet), status=201 if sheet.at == at else 200)


class SignedPhotoView(View):
    """The photo of a signed list."""

    @extend_schema(
        operation_id="signed_photo",
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
        tags=["papers"],
    )
    def get(self, request: Request, occasion_id: UUID, sheet_id: UUID) -> HttpResponse:
        """Return the photo to those who look after the occasion's unit; each person on the list can see who looked."""
        user, at = user_of(request), now()
        sheet = queries.signed_sheet(user, occasion_id, sheet_id, at=at)
        people = list(sheet.lines.values_list("volunteer", flat=True))
        note_access(viewer_user_id=user.pk, volunteer_ids=people, what=LookedAt.RECORDS, at=at)
        response = HttpResponse(b64decode(sheet.signed_list.photo), content_type="image/jpeg")
        response["X-Content-Type-Options"] = "nosniff"
        return response
