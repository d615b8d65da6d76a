"""REST views of a volunteer's standing and memberships."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View
from backend.volunteers.models import Volunteer
from backend.volunteers.queries.lives import memberships_of, standing_out
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage_person, may_release, may_suspend
from backend.volunteers.schemas.lives import (
    Memberships,
    PrimaryIn,
    ReasonIn,
    StandingOut,
    SuspendIn,
)
from backend.volunteers.services import memberships, standing


class SuspendView(View):
    """A break from service."""

    @extend_schema(operation_id="suspend", request=SuspendIn, responses=StandingOut, tags=["volunteers"])
    def post(self, request: Request, number: str) -> Response:
        """Suspend a volunteer one looks after, until a time or for good; duty ends, and posts rest."""
        body, by = parse(SuspendIn, request), user_of(request)
        found = standing.suspend(number=number, reason=body.reason, until=body.until, by=by, at=now())
        return answer(standing_out(found))

    def post_again(self, request: Request, number: str) -> Response:
        """Return where the service stands now."""
        return answer(standing_out(_suspended(request, number)))


class ReinstateView(View):
    """The way back into service."""

    @extend_schema(operation_id="reinstate", request=None, responses=StandingOut, tags=["volunteers"])
    def post(self, request: Request, number: str) -> Response:
        """Take back a volunteer one looks after who was suspended or had retired. Again changes nothing."""
        return answer(standing_out(standing.reinstate(number=number, by=user_of(request), at=now())))

    def post_again(self, request: Request, number: str) -> Response:
        """Return where the service stands now."""
        return answer(standing_out(_suspended(request, number)))


class RetireView(View):
    """The end of service."""

    @extend_schema(operation_id="retire", request=ReasonIn, responses=StandingOut, tags=["volunteers"])
    def post(self, request: Request, number: str) -> Response:
        """Retire oneself, or a volunteer one looks after: duty and posts end, the number stays theirs."""
        reason = parse(ReasonIn, request).reason
        found = standing.retire(number=number, reason=reason, by=user_of(request), at=now())
        return answer(standing_out(found))

    def post_again(self, request: Request, number: str) -> Response:
        """Return where the service stands now."""
        return answer(standing_out(_managed(request, number, or_oneself=True)))


class MembershipView(View):
    """One membership."""

    @extend_schema(operation_id="leave_unit", responses={204: None}, tags=["volunteers"])
    def delete(self, request: Request, number: str, unit: str) -> Response:
        """Leave a unit, or take a volunteer out of a unit one looks after; posts there end."""
        memberships.leave_unit(number=number, unit=unit_by_number(unit), by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, number: str, unit: str) -> Response:
        """Leave a membership alone that has begun again since."""
        volunteer, by = volunteer_numbered(number), user_of(request)
        own = volunteer.user_id == by.pk
        require(own or may_release(by, volunteer, unit_by_number(unit), now()))
        return answer(None)


class PrimaryUnitView(View):
    """The unit that counts first."""

    @extend_schema(
        operation_id="choose_primary", request=PrimaryIn, responses=Memberships, tags=["volunteers"]
    )
    def put(self, request: Request, number: str) -> Response:
        """Make another of the volunteer's units the primary one."""
        unit = unit_by_number(parse(PrimaryIn, request).unit)
        found = memberships.choose_primary(number=number, unit=unit, by=user_of(request), at=now())
        return answer(memberships_of(found))

    def put_again(self, request: Request, number: str) -> Response:
        """Return the memberships as they are now."""
        return answer(memberships_of(_managed(request, number, or_oneself=True)))


def _suspended(request: Request, number: str) -> Volunteer:
    volunteer = volunteer_numbered(number)
    require(volunteer.user_id != user_of(request).pk and may_suspend(user_of(request), volunteer, now()))
    return volunteer


def _managed(request: Request, number: str, *, or_oneself: bool = False) -> Volunteer:
    """Return a volunteer as they are now, for those who decide about them. Raises NotFound."""
    volunteer, by = volunteer_numbered(number), user_of(request)
    own = volunteer.user_id == by.pk
    require(or_oneself if own else may_manage_person(by, volunteer, now()))
    return volunteer
