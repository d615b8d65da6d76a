"""REST views of duty desks and their plans."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.desks.models import Shift
from backend.desks.queries.desks import desk_out, named_in, shifts_in
from backend.desks.rules import may_see_desk
from backend.desks.schemas import DeskIn, DeskOut, ShiftIn, ShiftOut, Shifts
from backend.desks.services.desks import end_desk, keep_desk
from backend.desks.services.shifts import add_shift, remove_shift
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View
from backend.volunteers.models import Unit
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage
from backend.volunteers.services.access_log import note_named


class DeskView(View):
    """The duty desk of a unit."""

    @extend_schema(operation_id="desk", responses=DeskOut, tags=["desks"])
    def get(self, request: Request, number: str) -> Response:
        """Return who is on the desk now, until when and what comes next, and who answers for the unit in any case.

        For those who may dispatch the unit, and the people of the plan.
        """
        unit, user, at = unit_by_number(number), user_of(request), now()
        require(may_see_desk(user, unit, at))
        return _desk(request, unit)

    @extend_schema(operation_id="keep_desk", request=DeskIn, responses=DeskOut, tags=["desks"])
    def put(self, request: Request, number: str) -> Response:
        """Give a unit, a brigade or above, a desk with a telephone, or its desk another telephone."""
        unit, body = unit_by_number(number), parse(DeskIn, request)
        keep_desk(unit=unit, phone=body.phone, by=user_of(request), at=now())
        return _desk(request, unit)

    def put_again(self, request: Request, number: str) -> Response:
        """Return the desk as it is now."""
        unit = unit_by_number(number)
        require(may_manage(user_of(request), unit, now()))
        return _desk(request, unit)

    @extend_schema(operation_id="end_duty_desk", responses={204: None}, tags=["desks"])
    def delete(self, request: Request, number: str) -> Response:
        """End the desk of a unit, with its plan."""
        end_desk(unit=unit_by_number(number), by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, number: str) -> Response:
        """Leave a desk alone that was made since."""
        require(may_manage(user_of(request), unit_by_number(number), now()))
        return answer(None)


class ShiftsView(View):
    """The plan of a desk."""

    @extend_schema(operation_id="shifts", responses=Shifts, tags=["desks"])
    def get(self, request: Request, number: str) -> Response:
        """Return the shifts of the plan that last or will begin, at most 200, dated ones first."""
        unit, user, at = unit_by_number(number), user_of(request), now()
        require(may_see_desk(user, unit, at))
        found = shifts_in(unit, at=at)
        note_named([n for one in found for n in (one.volunteer, one.deputy) if n], by=user, at=at)
        return answer(found)

    @extend_schema(
        operation_id="add_shift", request=ShiftIn, responses={201: ShiftOut, 200: ShiftOut}, tags=["desks"]
    )
    def post(self, request: Request, number: str) -> Response:
        """Put a shift into the plan, once or weekly; it overlaps with no other. The same again is the same (200)."""
        unit, body = unit_by_number(number), parse(ShiftIn, request)
        added = add_shift(unit=unit, wanted=body, by=user_of(request), at=now())
        return answer(ShiftOut.of(added.row), status=added.status)

    def post_again(self, request: Request, number: str) -> Response:
        """Return the shift as it is now."""
        unit, body = unit_by_number(number), parse(ShiftIn, request)
        require(may_manage(user_of(request), unit, now()))
        rows = Shift.objects.select_related("volunteer", "deputy").filter(unit=unit, pk=body.id)
        return answer(ShiftOut.of(require(rows.first())))


class ShiftView(View):
    """One shift of a plan."""

    @extend_schema(operation_id="remove_shift", responses={204: None}, tags=["desks"])
    def delete(self, request: Request, number: str, shift_id: UUID) -> Response:
        """Take a shift out of the plan."""
        unit = unit_by_number(number)
        remove_shift(unit=unit, shift_id=shift_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, number: str, shift_id: UUID) -> Response:  # noqa: ARG002
        """Do nothing: the id of a shift is used once."""
        require(may_manage(user_of(request), unit_by_number(number), now()))
        return answer(None)


def _desk(request: Request, unit: Unit) -> Response:
    at = now()
    desk = desk_out(unit, at=at)
    note_named(named_in(desk), by=user_of(request), at=at)
    return answer(desk)
