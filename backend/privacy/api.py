"""REST views of one's own data: taking it out, confirming it, deleting it."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import django_request, user_of
from backend.accounts.signin import confirm_password
from backend.lib.api import answer, parse, parse_query
from backend.lib.clock import now
from backend.privacy.queries import export_of, looks_at
from backend.privacy.schemas import DeletionIn, Erased, IdentityIn, LookFilter, LookPage, OwnData
from backend.privacy.services.identity import check_identity
from backend.privacy.services.own_data import erase_person
from backend.realtime.views import View
from backend.volunteers.services.identity import confirm_identity


class ExportView(View):
    """Everything that is kept of one."""

    full_sign_in = ("get",)

    @extend_schema(operation_id="export_own_data", responses=OwnData, tags=["privacy"])
    def get(self, request: Request) -> Response:
        """Return everything that is kept of oneself, to keep or to take elsewhere."""
        return answer(OwnData(export_of(user_of(request), at=now())))


class IdentityView(View):
    """The identity that came to one's record by a merge."""

    repeatable = ("post",)

    @extend_schema(
        operation_id="confirm_identity", request=IdentityIn, responses={204: None}, tags=["privacy"]
    )
    def post(self, request: Request) -> Response:
        """Confirm it by naming it: from then on the export shows it, once the password is old enough."""
        body, user = parse(IdentityIn, request), user_of(request)
        check_identity(django_request(request), user, id_card=body.id_card, born_on=body.born_on)
        confirm_identity(by=user, at=now())
        return answer(None)


class DeletionView(View):
    """The deletion of everything of one's own."""

    repeatable = ("post",)

    def content(self, request: Request, **_: Any) -> str:
        """Return nothing of the password: no trace of it is kept."""
        return request.path

    @extend_schema(operation_id="delete_own_data", request=DeletionIn, responses=Erased, tags=["privacy"])
    def post(self, request: Request) -> Response:
        """Delete everything of one's own at once, for good: it cannot be brought back.

        Service records stay with the number, which no longer leads to a person. Refused while one is on a task.
        """
        body, user = parse(DeletionIn, request), user_of(request)
        confirm_password(django_request(request), user, body.password)
        return answer(erase_person(by=user, at=now()))


class LooksView(View):
    """Who looked at one."""

    parameters: ClassVar = {"get": LookFilter.model_fields}

    @extend_schema(
        operation_id="looks",
        parameters=[OpenApiParameter("after", OpenApiTypes.INT64, description="`next` of the page before")],
        responses=LookPage,
        tags=["privacy"],
    )
    def get(self, request: Request) -> Response:
        """Return who was shown one's details, phone or place, newest first, 50 a page; kept for 180 days."""
        chosen = parse_query(LookFilter, request)
        return answer(looks_at(user_of(request), after=chosen.after))
