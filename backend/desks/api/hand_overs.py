"""REST views of hand-overs at a duty desk."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.desks.queries.desks import hand_over_of, hand_overs_of
from backend.desks.rules import may_see_desk
from backend.desks.schemas import HandOverIn, HandOverOut, HandOvers
from backend.desks.services.hand_overs import give_hand_over, take_hand_over
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View
from backend.volunteers.models import Unit
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.services.access_log import note_named


class HandOversView(View):
    """The hand-overs of a desk."""

    @extend_schema(operation_id="hand_overs", responses=HandOvers, tags=["desks"])
    def get(self, request: Request, number: str) -> Response:
        """Return the hand-overs of a desk, newest first, at most 50; one that is not taken yet stands open."""
        unit, user, at = _visible(request, number), user_of(request), now()
        found = hand_overs_of(unit)
        note_named([n for one in found for n in (one.given_by, one.taken_by) if n], by=user, at=at)
        return answer(found)

    @extend_schema(
        operation_id="give_hand_over",
        request=HandOverIn,
        responses={201: HandOverOut, 200: HandOverOut},
        tags=["desks"],
    )
    def post(self, request: Request, number: str) -> Response:
        """Write and sign what is open, as the person who leaves the desk. The same again is the same (200)."""
        unit, body = unit_by_number(number), parse(HandOverIn, request)
        given = give_hand_over(unit=unit, wanted=body, by=user_of(request), at=now())
        return answer(HandOverOut.of(given.row), status=given.status)

    def post_again(self, request: Request, number: str) -> Response:
        """Return the hand-over as it stands now."""
        unit, body = _visible(request, number), parse(HandOverIn, request)
        return answer(hand_over_of(unit, body.id))


class TakeHandOverView(View):
    """The second signature of a hand-over."""

    @extend_schema(operation_id="take_hand_over", request=None, responses=HandOverOut, tags=["desks"])
    def post(self, request: Request, number: str, hand_over_id: UUID) -> Response:
        """Sign a hand-over as the person who takes the desk over."""
        unit, user = unit_by_number(number), user_of(request)
        taken = take_hand_over(unit=unit, hand_over_id=hand_over_id, by=user, at=now())
        return answer(HandOverOut.of(taken))

    def post_again(self, request: Request, number: str, hand_over_id: UUID) -> Response:
        """Return the hand-over as it stands now."""
        return answer(hand_over_of(_visible(request, number), hand_over_id))


def _visible(request: Request, number: str) -> Unit:
    unit = unit_by_number(number)
    require(may_see_desk(user_of(request), unit, now()))
    return unit
