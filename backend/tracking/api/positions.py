"""The REST view of positions, for phones in networks that block sockets."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.lib.clock import now
from backend.lib.gzip_body import unpacked_body
from backend.realtime.registry import principal_behind
from backend.realtime.views import View
from backend.tracking.fixes import MAX_UNPACKED, read_fixes
from backend.tracking.judging import Report
from backend.tracking.positions import store_fixes
from backend.tracking.schemas.positions import PositionsIn, PositionsOut


class PositionsView(View):
    """The caller's own positions."""

    by_introduced = ("post",)

    repeatable = uncounted = ("post",)

    @extend_schema(
        operation_id="report_positions", request=PositionsIn, responses=PositionsOut, tags=["realtime"]
    )
    def post(self, request: Request) -> Response:
        """Report one's own positions; answered for each fix, after they are stored."""
        person = principal_behind(request.user).person
        read = read_fixes(unpacked_body(request, limit=MAX_UNPACKED))
        (results,) = store_fixes([Report(person, read.fixes)], at=now())
        told = PositionsOut(results=results, errors=list(read.errors) or None)
        return Response(told.model_dump(mode="json", exclude_none=True))
