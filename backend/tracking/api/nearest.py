"""The REST view of the people nearest to a place."""

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse_query
from backend.lib.clock import now
from backend.lib.datum import to_wgs84
from backend.lib.errors import require
from backend.realtime.views import View
from backend.tracking.queries.nearest import near_outs, nearest_on_duty
from backend.tracking.schemas.nearest import NearestFilter, NearPeople
from backend.volunteers import queries, rules
from backend.volunteers.models import LookedAt
from backend.volunteers.services.access_log import note_list


class NearestView(View):
    """The people of a unit nearest to a place."""

    parameters: ClassVar = {"get": NearestFilter.model_fields}

    @extend_schema(
        operation_id="unit_nearest",
        parameters=[
            OpenApiParameter("lon", float, required=True),
            OpenApiParameter("lat", float, required=True),
            OpenApiParameter("datum", str, required=True, enum=["wgs84", "gcj02", "bd09"]),
            OpenApiParameter("skill", str, description="code of a skill that they must have"),
            OpenApiParameter(
                "limit", OpenApiTypes.INT, description="how many at most, up to 100; 50 by itself"
            ),
        ],
        responses=NearPeople,
        tags=["units"],
    )
    def get(self, request: Request, number: str) -> Response:
        """Return who is on duty nearest to a place, for those who may dispatch the unit; none beyond 300 km."""
        unit, user, at = queries.unit_by_number(number), user_of(request), now()
        require(rules.may_dispatch(user, unit, at))
        wanted = parse_query(NearestFilter, request)
        lon, lat = to_wgs84(wanted.lon, wanted.lat, wanted.datum)
        skills = [wanted.skill] if wanted.skill else []
        found = nearest_on_duty(lon, lat, skills=skills, within_unit=unit, limit=wanted.limit, at=at)
        people = near_outs(found, by=user, at=at)
        note_list(people, viewer_user_id=user.pk, what=LookedAt.LOCATION, at=at)
        return answer(people)
