"""The REST view of merging two records of the same person."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import NotAllowed, require
from backend.realtime.views import View
from backend.volunteers import rules
from backend.volunteers.queries.numbers import number_in, number_in_body, volunteer_by_number
from backend.volunteers.schemas.numbers import MergeIn, NumberedPerson
from backend.volunteers.services.merging import merge_volunteers


class MergeView(View):
    """Two records of the same person."""

    @extend_schema(
        operation_id="merge_volunteers", request=MergeIn, responses=NumberedPerson, tags=["numbers"]
    )
    def post(self, request: Request, kept: str) -> Response:
        """Merge a duplicate into the record with this number, which is kept."""
        duplicate = number_in_body(parse(MergeIn, request).duplicate, "/duplicate")
        merged = merge_volunteers(kept=number_in(kept), duplicate=duplicate, by=user_of(request), at=now())
        return answer(NumberedPerson.of(merged))

    def post_again(self, request: Request, kept: str) -> Response:
        """Return whose number it is now."""
        volunteer, by, at = volunteer_by_number(number_in(kept)), user_of(request), now()
        require(rules.may_see_person(by, volunteer, at))
        require(rules.may_manage_wholly(by, volunteer, at), NotAllowed)
        return answer(NumberedPerson.of(volunteer))
