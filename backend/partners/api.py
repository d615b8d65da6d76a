"""REST views of kinds of partners, and of what partners share."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.partners.queries import kind_outs, sharing_out
from backend.partners.rules import is_partner, may_choose
from backend.partners.schemas import EmploymentIn, PartnerKinds, SharingIn, SharingOut
from backend.partners.services import choose_sharing, set_employment
from backend.realtime.views import View
from backend.volunteers.models import Membership, Unit, UnitKind
from backend.volunteers.queries.lives import membership_out
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage, may_oversee
from backend.volunteers.schemas.lives import MembershipOut
from backend.volunteers.services.access_log import note_named


class PartnerKindsView(View):
    """What partner organisations may be."""

    @extend_schema(operation_id="partner_kinds", responses=PartnerKinds, tags=["units"])
    def get(self, request: Request) -> Response:
        """Return every kind of partner with its names, in the operator's order, also those no longer in use."""
        return answer(PartnerKinds(kind_outs()))


class SharingView(View):
    """What a partner shares with those above."""

    @extend_schema(operation_id="sharing", responses=SharingOut, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return what a partner shares, whom to ask, and how many members it has.

        For those who dispatch in it or above; a unit that is no partner's topmost one has none.
        """
        unit = unit_by_number(number)
        require(is_partner(unit) and may_oversee(user_of(request), unit, now()))
        return _shown(request, unit)

    @extend_schema(operation_id="choose_sharing", request=SharingIn, responses=SharingOut, tags=["units"])
    def put(self, request: Request, number: str) -> Response:
        """Choose what those above see of the partner's people, and whom they ask; for its own leaders alone."""
        unit, wanted = unit_by_number(number), parse(SharingIn, request)
        return _shown(request, choose_sharing(unit=unit, wanted=wanted, by=user_of(request), at=now()))

    def put_again(self, request: Request, number: str) -> Response:
        """Return what is shared now."""
        unit = unit_by_number(number)
        require(may_choose(user_of(request), unit, now()))
        return _shown(request, unit)


class EmploymentView(View):
    """How a member serves a partner."""

    @extend_schema(
        operation_id="set_employment", request=EmploymentIn, responses=MembershipOut, tags=["units"]
    )
    def put(self, request: Request, number: str, person: str) -> Response:
        """Say whether a member of a partner's unit serves there as an employee or as a volunteer."""
        unit, wanted = unit_by_number(number), parse(EmploymentIn, request)
        by, at = user_of(request), now()
        found = set_employment(unit=unit, number=person, employee=wanted.employee, by=by, at=at)
        return answer(membership_out(found))

    def put_again(self, request: Request, number: str, person: str) -> Response:
        """Return the membership as it is now."""
        unit = unit_by_number(number)
        require(may_manage(user_of(request), unit, now()) and unit.kind == UnitKind.PARTNER)
        members = Membership.objects.select_related("unit").filter(unit=unit)
        return answer(membership_out(require(members.filter(volunteer=volunteer_numbered(person)).first())))


def _shown(request: Request, unit: Unit) -> Response:
    user, at = user_of(request), now()
    out = sharing_out(unit, at=at)
    leader = out.contact.volunteer if out.contact else None
    note_named([leader] if leader else [], by=user, at=at, whole_phone=True)
    return answer(out)
