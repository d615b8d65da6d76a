"""The REST view of invitations."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.joining.schemas import InvitationMade
from backend.joining.services.invitations import invite, require_good_invitation
from backend.lib.api import answer
from backend.lib.clock import now
from backend.realtime.views import View
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.services.access_log import note_named


class InvitationView(View):
    """The invitation of a person."""

    secret = ("post",)

    @extend_schema(operation_id="invite", request=None, responses={201: InvitationMade}, tags=["volunteers"])
    def post(self, request: Request, person: str) -> Response:
        """Make a code by which the person signs in for the first time; it is told this once, the former is void."""
        volunteer, user, at = volunteer_numbered(person), user_of(request), now()
        (made,) = invite(volunteers=[volunteer], by=user, at=at)
        note_named([made.number], by=user, at=at)
        return answer(made, status=201)

    def post_again(self, request: Request, person: str) -> Response:
        """Tell the same code, unless it has been used or replaced since."""
        volunteer, told = volunteer_numbered(person), InvitationMade.model_validate(self.told())
        require_good_invitation(volunteer=volunteer, code=told.code, by=user_of(request), at=now())
        return answer(told)
