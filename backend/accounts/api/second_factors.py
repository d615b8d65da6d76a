"""REST views of the second factor: one's own, and that of a sign-in."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import device_of, user_of
from backend.accounts.schemas.second_factors import (
    AuthenticatorOut,
    ChallengeIn,
    CodeIn,
    RecoveryCodes,
    SecondFactorOut,
)
from backend.accounts.services import second_factors
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.realtime.views import View


class SecondFactorView(View):
    """One's second factor."""

    repeatable = ("post",)

    @extend_schema(operation_id="second_factor", responses=SecondFactorOut, tags=["me"])
    def get(self, request: Request) -> Response:
        """Return whether a second factor is set up, and how many recovery codes are left."""
        return answer(second_factors.second_factor_of(user_of(request), at=now()))

    @extend_schema(
        operation_id="begin_second_factor", request=None, responses={201: AuthenticatorOut}, tags=["me"]
    )
    def post(self, request: Request) -> Response:
        """Begin to set up an authenticator app; nothing counts before its first code is confirmed."""
        return answer(second_factors.begin_second_factor(by=user_of(request), at=now()), status=201)


class ConfirmSecondFactorView(View):
    """The first code of one's authenticator."""

    repeatable = ("post",)

    @extend_schema(operation_id="confirm_second_factor", request=CodeIn, responses=RecoveryCodes, tags=["me"])
    def post(self, request: Request) -> Response:
        """Show the first code: from now on sign-in asks for one. The recovery codes are told this once."""
        code, device = parse(CodeIn, request).code, device_of(request)
        made = second_factors.confirm_second_factor(
            code=code, device_id=device, by=user_of(request), at=now()
        )
        return answer(made)


class RemoveSecondFactorView(View):
    """The end of one's authenticator: a POST, for it needs a body."""

    @extend_schema(operation_id="remove_second_factor", request=CodeIn, responses={204: None}, tags=["me"])
    def post(self, request: Request) -> Response:
        """Remove the authenticator, with a code of it or a recovery code."""
        code = parse(CodeIn, request).code
        second_factors.remove_second_factor(code=code, by=user_of(request), at=now())
        return answer(None)

    def post_again(self, request: Request) -> Response:  # noqa: ARG002
        """Leave an authenticator alone that was set up since."""
        return answer(None)


class RecoveryCodesView(View):
    """One's recovery codes."""

    repeatable = ("post",)

    @extend_schema(operation_id="renew_recovery_codes", request=CodeIn, responses=RecoveryCodes, tags=["me"])
    def post(self, request: Request) -> Response:
        """Make ten new recovery codes, with a code of the authenticator; the old ones are void."""
        code, device = parse(CodeIn, request).code, device_of(request)
        made = second_factors.renew_recovery_codes(code=code, device_id=device, by=user_of(request), at=now())
        return answer(made)


class SendCodeView(View):
    """A code that is sent."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="send_code", request=ChallengeIn, responses={204: None}, tags=["sign-in"], auth=[]
    )
    def post(self, request: Request) -> Response:
        """Send a code to the other devices on which the person is signed in; at most three for a sign-in."""
        second_factors.send_code(challenge_id=parse(ChallengeIn, request).challenge, at=now())
        return answer(None)

    def post_again(self, request: Request) -> Response:
        """Send nothing, as long as the sign-in waits for the code that was sent."""
        second_factors.challenge_by_id(challenge_id=parse(ChallengeIn, request).challenge, at=now())
        return answer(None)


class SetUpInSignInView(View):
    """The authenticator of a person whose post asks for one."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="set_up_in_sign_in",
        request=ChallengeIn,
        responses={201: AuthenticatorOut},
        tags=["sign-in"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Set up an authenticator during the sign-in whose ways name `set_up`; its first code signs in."""
        challenge = parse(ChallengeIn, request).challenge
        return answer(second_factors.begin_in_sign_in(challenge_id=challenge, at=now()), status=201)
