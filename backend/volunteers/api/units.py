"""Doors to the formation."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.lib.api import answer, now
from backend.lib.errors import require
from backend.volunteers import queries, rules
from backend.volunteers.authentication import user_of
from backend.volunteers.schemas import UnitCounts, UnitsCounted


class UnitDoor(APIView):
    """A unit of the formation."""

    @extend_schema(operation_id="unit", responses=UnitCounts, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return a unit with the live counts of its whole subtree."""
        unit, at = queries.unit_by_number(number), now()
        require(rules.may_see_unit(user_of(request), unit, at))
        return answer(queries.counts_of(unit))


class UnitChildrenDoor(APIView):
    """The units directly below."""

    @extend_schema(operation_id="unit_children", responses=UnitsCounted, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return the direct sub-units with their live counts, for those who may dispatch the unit."""
        unit, at = queries.unit_by_number(number), now()
        require(rules.may_dispatch(user_of(request), unit, at))
        return answer(queries.counts_of_children(unit))
