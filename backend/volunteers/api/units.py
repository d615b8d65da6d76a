"""REST views of the formation."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View
from backend.volunteers import queries, rules
from backend.volunteers.number_scheme import parse_unit_number
from backend.volunteers.schemas import UnitCounts, UnitOut, UnitsCounted
from backend.volunteers.schemas.formation import UnitChange
from backend.volunteers.services import units


class UnitView(View):
    """A unit of the formation."""

    @extend_schema(operation_id="unit", responses=UnitCounts, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return a unit with the live counts of its whole subtree; for a retired number, its successor's."""
        unit, at = queries.unit_by_number(number), now()
        require(rules.may_see_unit(user_of(request), unit, at))
        counts = queries.counts_of(unit)
        asked = parse_unit_number(number)
        return answer(counts.model_copy(update={"successor_of": asked if asked != unit.number else None}))

    @extend_schema(operation_id="change_unit", request=UnitChange, responses=UnitOut, tags=["units"])
    def patch(self, request: Request, number: str) -> Response:
        """Rename a unit, or give it a brand name, for those who look after it."""
        unit, body = queries.unit_by_number(number), parse(UnitChange, request)
        changed = units.change_unit(unit=unit, wanted=body, by=user_of(request), at=now())
        return answer(queries.unit_outs([changed])[0])

    def patch_again(self, request: Request, number: str) -> Response:
        """Return the unit as it is called now."""
        unit = queries.unit_by_number(number)
        require(rules.may_manage(user_of(request), unit, now()))
        return answer(queries.unit_outs([unit])[0])


class UnitChildrenView(View):
    """The units directly below."""

    @extend_schema(operation_id="unit_children", responses=UnitsCounted, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return the direct sub-units with their live counts, for those who may oversee the unit."""
        unit, at = queries.unit_by_number(number), now()
        require(rules.may_oversee(user_of(request), unit, at))
        return answer(queries.counts_of_children(unit))
