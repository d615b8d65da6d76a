"""REST views of signing in and out."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import device_of, django_request, user_of
from backend.accounts.password_hashing import hashing
from backend.accounts.schemas.invitations import InvitationIn
from backend.accounts.schemas.second_factors import SecondFactorIn
from backend.accounts.schemas.sign_in import PersonChosen, SignIn
from backend.accounts.services.choices import chosen_once, take_choice
from backend.accounts.services.devices import sign_in, sign_in_once
from backend.accounts.services.invitations import sign_in_by_invitation
from backend.accounts.services.second_factors import require_second_factor, sign_in_with_code
from backend.accounts.signin import checked_user, invited_user
from backend.accounts.tokens import DeviceTokens
from backend.lib.api import answer, parse, parse_or_default
from backend.lib.clock import now
from backend.realtime.views import View, replayed
from backend.volunteers.queries.me import signed_in_out
from backend.volunteers.schemas.sign_in import SignedIn, SignOutIn
from backend.volunteers.services.duty import sign_out


class SignInView(View):
    """Opens with a password."""

    own_keys = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def content(self, request: Request, **_: Any) -> str:
        """Return who signs in where; the password is checked anew each time, and no trace of it is kept."""
        body = parse(SignIn, request)
        return f"{body.identifier} {body.device.model_dump_json()}"

    @extend_schema(operation_id="sign_in", request=SignIn, responses=SignedIn, tags=["sign-in"], auth=[])
    def post(self, request: Request) -> Response:
        """Sign in by volunteer number or phone; the tokens are for this device.

        A person who has a second factor is answered `second-factor-needed`, with the challenge for the next step. Where
        several people of a phone have this password the answer is `person-needed`.
        """
        body = parse(SignIn, request)
        shown = (body.identifier, body.password)
        user = checked_user(django_request(request), *shown, device=body.device.id)
        at = now()  # checking a password takes its time, and the answer tells it
        require_second_factor(user=user, device_id=body.device.id, trust_secret=body.trust_secret, at=at)
        if self.wanted is None:
            return _answer(sign_in(user=user, device=body.device, at=at), at)
        made, is_again = sign_in_once(user=user, device=body.device, once=self.wanted, at=at)
        return replayed(_answer(made, at)) if is_again else _answer(made, at)


class SignInPersonView(View):
    """The choice among the people of a shared phone."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="sign_in_person", request=PersonChosen, responses=SignedIn, tags=["sign-in"], auth=[]
    )
    def post(self, request: Request) -> Response:
        """Choose who of the people signs in whose password this device has shown; a second factor may be asked then."""
        body, at = parse(PersonChosen, request), now()
        device = body.device
        user = take_choice(token=body.choice, number=body.number, device_id=device.id, at=at)
        require_second_factor(user=user, device_id=device.id, trust_secret=body.trust_secret, at=at)
        once = chosen_once(user, body.choice, device.id)
        return _answer(sign_in_once(user=user, device=device, once=once, at=at)[0], at)


class SignOutView(View):
    """Closes behind a device."""

    by_introduced = ("post",)

    repeatable = ("post",)

    @extend_schema(operation_id="sign_out", request=SignOutIn, responses={204: None}, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        """End this device's tokens and sockets; with one's last device, or when asked, one's duty."""
        end_duty = parse_or_default(SignOutIn, request).end_duty
        sign_out(device_id=device_of(request), end_duty=end_duty, by=user_of(request), at=now())
        return answer(None)


class SignInCodeView(View):
    """The second step of signing in."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="sign_in_with_code",
        request=SecondFactorIn,
        responses=SignedIn,
        tags=["sign-in"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Show a code of the authenticator, a code that was sent, or a recovery code; each works once."""
        body, at = parse(SecondFactorIn, request), now()
        made = sign_in_with_code(
            challenge_id=body.challenge, code=body.code, device=body.device, is_own=body.trust, at=at
        )
        return _answer(made, at)


class AcceptInvitationView(View):
    """Opens with the code on a slip."""

    repeatable = ("post",)

    def content(self, request: Request, **_: Any) -> str:
        """Return whose code is shown where; the password is checked anew, and no trace of it is kept."""
        body = parse(InvitationIn, request)
        return f"{body.number} {body.code} {body.device.model_dump_json()}"

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="accept_invitation",
        request=InvitationIn,
        responses=SignedIn,
        tags=["sign-in"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in by a printed code, and choose the password; the code works once."""
        body = parse(InvitationIn, request)
        shown = (body.number, body.code, body.password)
        with hashing.turn():  # around the transaction, which hashes the new password
            user, at = invited_user(django_request(request), *shown, device=body.device.id), now()
            made = sign_in_by_invitation(
                user=user, code=body.code, password=body.password, device=body.device, at=at
            )
        return _answer(made, at)


def _answer(made: DeviceTokens, at: datetime) -> Response:
    return answer(signed_in_out(made, at=at))
