"""Doors of invitations and passwords."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.lib.api import answer, now, parse
from backend.realtime import keys
from backend.realtime.doors import Door, replayed
from backend.volunteers.authentication import device_of, django_request, user_of
from backend.volunteers.hashing import hashing
from backend.volunteers.models import User
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.schemas import SignedIn
from backend.volunteers.schemas.invitations import InvitationIn, InvitationMade, PasswordIn
from backend.volunteers.services.invitations import (
    invite,
    require_good_invitation,
    sign_in_by_invitation,
)
from backend.volunteers.services.looks import note_named
from backend.volunteers.services.passwords import PasswordWrong, change_password
from backend.volunteers.signin import (
    confirm_password,
    invited_user,
    keep_page_signed_in,
    require_own_password,
)


class PasswordDoor(Door):
    """One's password."""

    own_keys = ("post",)

    def content(self, request: Request, **_: Any) -> str:
        """Return nothing of the passwords: no trace of them is kept."""
        return request.path

    @extend_schema(operation_id="change_password", request=PasswordIn, responses={204: None}, tags=["me"])
    def post(self, request: Request) -> Response:
        """Change the password; all other devices are signed out."""
        body, user = parse(PasswordIn, request), user_of(request)
        with hashing.turn():  # around the transaction, which hashes the new one
            if self.wanted and keys.find(self.wanted, at=now()):
                return self._same(request, user, body.new)
            require_own_password(django_request(request), user, body.current, field="current")
            change_password(new=body.new, device_id=device_of(request), by=user, at=now(), once=self.wanted)
        keep_page_signed_in(django_request(request), user)
        return answer(None)

    def _same(self, request: Request, user: User, new: str) -> Response:
        """Answer a repeated change with the same new password; any other is a guess, and counts."""
        # The account was read at the door, maybe before the change that is repeated.
        user.refresh_from_db(fields=["password"])
        try:
            confirm_password(django_request(request), user, new)
        except PasswordWrong as error:
            raise keys.KeyUsedOtherwise from error
        return replayed(answer(None))


class InvitationDoor(Door):
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


class AcceptInvitationDoor(Door):
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
            signed_in = sign_in_by_invitation(
                user=user, code=body.code, password=body.password, device=body.device, at=at
            )
        return answer(signed_in)
