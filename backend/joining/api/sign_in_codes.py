"""REST views of the codes by which people without a password sign in, and of their devices."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import django_request, user_of
from backend.accounts.schemas.sign_in import CodeSignIn
from backend.accounts.services.sign_in_codes import sign_in_by_code
from backend.accounts.signin import introduced_user
from backend.joining.schemas import SignInCodeIn, SignInCodeMade
from backend.joining.services.sign_in_codes import (
    give_sign_in_code,
    require_good_code,
    require_may_let_in,
    sign_out_person,
)
from backend.lib.api import answer, parse, parse_or_default
from backend.lib.clock import now
from backend.realtime.views import View
from backend.volunteers.queries.me import signed_in_out
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.schemas.sign_in import SignedIn
from backend.volunteers.services.access_log import note_named


class SignInCodesView(View):
    """The code of a person."""

    secret = ("post",)

    @extend_schema(
        operation_id="make_sign_in_code",
        request=SignInCodeIn,
        responses={201: SignInCodeMade},
        tags=["volunteers"],
    )
    def post(self, request: Request, person: str) -> Response:
        """Make a code by which a person without a post signs in; it is told this once, the former is void."""
        ends_others = parse_or_default(SignInCodeIn, request).ends_others
        volunteer, user, at = volunteer_numbered(person), user_of(request), now()
        made = give_sign_in_code(volunteer=volunteer, ends_others=ends_others, by=user, at=at)
        note_named([made.number], by=user, at=at)
        return answer(made, status=201)

    def post_again(self, request: Request, person: str) -> Response:
        """Tell the same code, unless it has been used or replaced since."""
        volunteer, told = volunteer_numbered(person), SignInCodeMade.model_validate(self.told())
        require_good_code(volunteer=volunteer, code=told.code, by=user_of(request), at=now())
        return answer(told)


class PersonDevicesView(View):
    """The devices of a person one looks after."""

    @extend_schema(operation_id="sign_out_person", responses={204: None}, tags=["volunteers"])
    def delete(self, request: Request, person: str) -> Response:
        """Sign a person without a post out on all devices, for example when their phone is lost; duty ends."""
        sign_out_person(volunteer=volunteer_numbered(person), by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, person: str) -> Response:
        """Leave alone devices on which the person has signed in since."""
        require_may_let_in(user_of(request), volunteer_numbered(person), now())
        return answer(None)


class SignInByCodeView(View):
    """Opens with a code that a leader reads out or shows."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="sign_in_by_code", request=CodeSignIn, responses=SignedIn, tags=["sign-in"], auth=[]
    )
    def post(self, request: Request) -> Response:
        """Sign in by volunteer number or phone and the code; some doors stay closed until the password is shown."""
        body = parse(CodeSignIn, request)
        user = introduced_user(django_request(request), body.identifier, body.code, device=body.device.id)
        at = now()
        return answer(
            signed_in_out(sign_in_by_code(user=user, code=body.code, device=body.device, at=at), at=at)
        )
