"""REST views of one's planned availability."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.realtime.views import View
from backend.volunteers.queries.availability import availability_of
from backend.volunteers.schemas.availability import AvailabilityIn, AvailabilityOut
from backend.volunteers.services.availability import plan_availability


class AvailabilityView(View):
    """When one plans to be available."""

    by_introduced = ("put",)

    @extend_schema(operation_id="availability", responses=AvailabilityOut, tags=["me"])
    def get(self, request: Request) -> Response:
        """Return the hours of the week and the periods in which one plans to be available, or not."""
        return answer(availability_of(user_of(request), at=now()))

    @extend_schema(
        operation_id="plan_availability", request=AvailabilityIn, responses=AvailabilityOut, tags=["me"]
    )
    def put(self, request: Request) -> Response:
        """Put a plan in the place of the one before."""
        body = parse(AvailabilityIn, request)
        return answer(plan_availability(wanted=body, by=user_of(request), at=now()))

    def put_again(self, request: Request) -> Response:
        """Return the plan as it is now."""
        return answer(availability_of(user_of(request), at=now()))
