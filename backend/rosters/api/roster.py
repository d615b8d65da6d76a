"""The REST view of rosters."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse_query
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View
from backend.rosters.queries.roster import roster_page
from backend.rosters.schemas.roster import RosterFilter, RosterPage
from backend.volunteers import queries, rules
from backend.volunteers.models import LookedAt
from backend.volunteers.services.access_log import note_list


class RosterView(View):
    """The members of a unit."""

    parameters: ClassVar = {"get": RosterFilter.model_fields}

    @extend_schema(
        operation_id="unit_roster",
        parameters=[
            OpenApiParameter(
                "search", str, description="number, beginning of a name, or phone's last four digits"
            ),
            OpenApiParameter("on_duty", bool, description="only who is on duty, or only who is not"),
            OpenApiParameter("without_phone", bool, description="only people of whom no phone is known"),
            OpenApiParameter("after", str, description="`next` of the page before"),
        ],
        responses=RosterPage,
        tags=["units"],
    )
    def get(self, request: Request, number: str) -> Response:
        """Return the members of a unit and everything below it, 50 a page, for those who may dispatch the unit."""
        unit, user, at = queries.unit_by_number(number), user_of(request), now()
        require(rules.may_dispatch(user, unit, at))
        page = roster_page(unit, by=user, at=at, **parse_query(RosterFilter, request).model_dump())
        note_list(page.items, viewer_user_id=user.pk, what=LookedAt.PROFILE, at=at)
        return answer(page)
