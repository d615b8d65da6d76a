"""REST views for those who want to become volunteers, and of those who decide."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import django_request, user_of
from backend.accounts.signin import client_address
from backend.joining.models import ApplicationStatus
from backend.joining.queries import application_for, applications_to
from backend.joining.schemas import (
    ApplicationIn,
    ApplicationOut,
    ApplicationPage,
    ApplicationTaken,
    ApproveIn,
    WithdrawIn,
)
from backend.joining.services import applications
from backend.lib.api import answer, parse, parse_or_default, parse_query
from backend.lib.clock import now
from backend.lib.errors import require
from backend.lib.shapes import Request as Query
from backend.realtime.views import View
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage
from backend.volunteers.schemas.lives import ReasonIn
from backend.volunteers.services.access_log import note_named


class ApplicationFilter(Query):
    """Which applications, and after which one."""

    status: ApplicationStatus = ApplicationStatus.PENDING
    after: UUID | None = None


class ApplicationsView(View):
    """Open to everybody."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="apply",
        request=ApplicationIn,
        responses={202: ApplicationTaken},
        tags=["applications"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Ask to become a volunteer of a unit; its leader decides. The answer tells nothing of who is known."""
        body, address = parse(ApplicationIn, request), client_address(django_request(request))
        applications.apply(wanted=body, address=address or "", at=now())
        return answer(ApplicationTaken(id=body.id), status=202)


class WithdrawApplicationView(View):
    """Open to everybody; the phone is the key."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="withdraw_application",
        request=WithdrawIn,
        responses={204: None},
        tags=["applications"],
        auth=[],
    )
    def post(self, request: Request, application_id: UUID) -> Response:
        """Take an application of one's own back. The answer is the same whether there was one."""
        phone = parse(WithdrawIn, request).phone
        applications.withdraw_application(application_id=application_id, phone=phone, at=now())
        return answer(None)


class ApproveApplicationView(View):
    """The leader's yes."""

    @extend_schema(
        operation_id="approve_application", request=ApproveIn, responses=ApplicationOut, tags=["applications"]
    )
    def post(self, request: Request, application_id: UUID) -> Response:
        """Make the applicant a volunteer of the unit, with a number for life. Again returns the same."""
        found = applications.approve_application(
            application_id=application_id,
            shared_phone=parse_or_default(ApproveIn, request).shared_phone,
            by=user_of(request),
            at=now(),
        )
        return answer(ApplicationOut.of(found))

    def post_again(self, request: Request, application_id: UUID) -> Response:
        """Return how the application stands now."""
        return answer(ApplicationOut.of(application_for(user_of(request), application_id, at=now())))


class RejectApplicationView(View):
    """The leader's no."""

    @extend_schema(
        operation_id="reject_application", request=ReasonIn, responses=ApplicationOut, tags=["applications"]
    )
    def post(self, request: Request, application_id: UUID) -> Response:
        """Turn an application down, with a reason. Again changes nothing."""
        reason = parse(ReasonIn, request).reason
        found = applications.reject_application(
            application_id=application_id, reason=reason, by=user_of(request), at=now()
        )
        return answer(ApplicationOut.of(found))

    def post_again(self, request: Request, application_id: UUID) -> Response:
        """Return how the application stands now."""
        return answer(ApplicationOut.of(application_for(user_of(request), application_id, at=now())))


class UnitApplicationsView(View):
    """The applications to a unit."""

    parameters: ClassVar = {"get": ApplicationFilter.model_fields}

    @extend_schema(
        operation_id="unit_applications",
        parameters=[
            OpenApiParameter("status", str, enum=ApplicationStatus.values),
            OpenApiParameter("after", OpenApiTypes.UUID, description="`next` of the page before"),
        ],
        responses=ApplicationPage,
        tags=["applications"],
    )
    def get(self, request: Request, number: str) -> Response:
        """Return who asks to join the unit itself, the oldest first, 50 a page, for those who look after it."""
        unit, user, at = unit_by_number(number), user_of(request), now()
        require(may_manage(user, unit, at))
        chosen = parse_query(ApplicationFilter, request)
        page = applications_to(unit, status=chosen.status, after=chosen.after)
        joined = [application.volunteer for application in page.items if application.volunteer]
        note_named(joined, by=user, at=at, whole_phone=True)
        return answer(page)
