"""REST views of the shape of the formation, and to what its units are called and look like."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.content_types import JpegParser, PngParser
from backend.lib.errors import NotFound, require
from backend.realtime.views import View
from backend.volunteers.models import Emblem, Unit
from backend.volunteers.queries.units import unit_by_number, unit_outs
from backend.volunteers.rules import may_manage, may_reshape, may_see_unit
from backend.volunteers.schemas import UnitOut
from backend.volunteers.schemas.formation import MoveIn, SplitIn, SuccessorIn, UnitIn
from backend.volunteers.services import emblems, units

EMBLEM_TYPES = {(200, "image/png"): OpenApiTypes.BINARY, (200, "image/jpeg"): OpenApiTypes.BINARY}


class UnitsView(View):
    """The formation grows."""

    @extend_schema(operation_id="create_unit", request=UnitIn, responses={201: UnitOut}, tags=["units"])
    def post(self, request: Request) -> Response:
        """Make a unit of the next level, or a partner organisation's; one of the same name there is returned."""
        body, by = parse(UnitIn, request), user_of(request)
        parent = unit_by_number(body.parent)
        unit = units.create_unit(wanted=body, parent=parent, by=by, at=now())
        self.made = unit.number
        return _shown(unit, status=201)

    def post_again(self, request: Request) -> Response:
        """Return the unit that was made, as it is now."""
        require(may_manage(user_of(request), unit_by_number(parse(UnitIn, request).parent), now()))
        return _shown(unit_by_number(self.made_before))


class MoveUnitView(View):
    """Another unit above."""

    @extend_schema(operation_id="move_unit", request=MoveIn, responses=UnitOut, tags=["units"])
    def post(self, request: Request, number: str) -> Response:
        """Put a unit, with all below it, under another of the same kind as now; its number stays."""
        parent = unit_by_number(parse(MoveIn, request).parent)
        unit = unit_by_number(number)
        return _shown(units.move_unit(unit=unit, parent=parent, by=user_of(request), at=now()))

    def post_again(self, request: Request, number: str) -> Response:
        """Return the unit as it is now."""
        return _reshaped(request, number)


class SplitUnitView(View):
    """One unit becomes two."""

    @extend_schema(operation_id="split_unit", request=SplitIn, responses={201: UnitOut}, tags=["units"])
    def post(self, request: Request, number: str) -> Response:
        """Make a unit beside this one, and put the members named there; it is returned."""
        body, unit = parse(SplitIn, request), unit_by_number(number)
        new = units.split_unit(unit=unit, wanted=body, by=user_of(request), at=now())
        self.made = new.number
        return _shown(new, status=201)

    def post_again(self, request: Request, number: str) -> Response:
        """Return the unit that was made, as it is now."""
        require(may_reshape(user_of(request), unit_by_number(number), now()))
        return _shown(unit_by_number(self.made_before))


class MergeUnitView(View):
    """Two units become one."""

    @extend_schema(operation_id="merge_units", request=SuccessorIn, responses=UnitOut, tags=["units"])
    def post(self, request: Request, number: str) -> Response:
        """Put members and sub-units into the successor, and retire this unit; the successor is returned."""
        unit, successor = _pair(request, number)
        return _shown(units.merge_units(unit=unit, successor=successor, by=user_of(request), at=now()))

    def post_again(self, request: Request, number: str) -> Response:
        """Return the successor as it is now."""
        return _reshaped(request, number)


class RetireUnitView(View):
    """The end of a unit."""

    @extend_schema(operation_id="retire_unit", request=SuccessorIn, responses=UnitOut, tags=["units"])
    def post(self, request: Request, number: str) -> Response:
        """Retire a unit that is empty; the successor, which is returned, answers to its number."""
        unit, successor = _pair(request, number)
        return _shown(units.retire_unit(unit=unit, successor=successor, by=user_of(request), at=now()))

    def post_again(self, request: Request, number: str) -> Response:
        """Return the successor as it is now."""
        return _reshaped(request, number)


class EmblemView(View):
    """The picture by which a unit is known."""

    parser_classes = (PngParser, JpegParser)

    @extend_schema(operation_id="emblem", responses=EMBLEM_TYPES, tags=["units"])
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the unit's emblem; with `If-None-Match` and its ETag, 304."""
        unit = unit_by_number(number)
        require(may_see_unit(user_of(request), unit, now()))
        emblem = Emblem.objects.filter(unit=unit).first()
        if emblem is None:
            raise NotFound
        tag = f'"{emblem.digest}"'
        fresh = request.headers.get("If-None-Match") == tag
        picture = b"" if fresh else bytes(emblem.image)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
        return HttpResponse(
            picture, status=304 if fresh else 200, content_type=emblem.media_type, headers=headers
        )

    @extend_schema(
        operation_id="set_emblem",
        request=OpenApiTypes.BINARY,
        responses={204: None},
        tags=["units"],
    )
    def put(self, request: Request, number: str) -> Response:
        """Upload an emblem: the body is a PNG or JPEG of at most 200,000 bytes; it is made to fit 512 × 512 pixels."""
        unit, by = unit_by_number(number), user_of(request)
        emblems.set_emblem(unit=unit, upload=request.body, by=by, at=now())
        return answer(None)

    def put_again(self, request: Request, number: str) -> Response:
        """Leave the emblem as it is now."""
        require(may_manage(user_of(request), unit_by_number(number), now()))
        return answer(None)

    @extend_schema(operation_id="remove_emblem", responses={204: None}, tags=["units"])
    def delete(self, request: Request, number: str) -> Response:
        """Take the unit's emblem away. Again changes nothing."""
        emblems.remove_emblem(unit=unit_by_number(number), by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, number: str) -> Response:
        """Leave the emblem as it is now."""
        require(may_manage(user_of(request), unit_by_number(number), now()))
        return answer(None)


def _pair(request: Request, number: str) -> tuple[Unit, Unit]:
    return unit_by_number(number), unit_by_number(parse(SuccessorIn, request).successor)


def _reshaped(request: Request, number: str) -> Response:
    """Return a unit, or what answers to its number now, for those who may reshape it."""
    unit = unit_by_number(number)
    require(may_reshape(user_of(request), unit, now()))
    return _shown(unit)


def _shown(unit: Unit, *, status: int = 200) -> Response:
    return answer(unit_outs([unit])[0], status=status)
