"""The REST view of one's password."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import device_of, django_request, user_of
from backend.accounts.models import User
from backend.accounts.password_hashing import hashing
from backend.accounts.schemas.invitations import PasswordIn
from backend.accounts.services.passwords import PasswordWrong, change_password
from backend.accounts.signin import confirm_password, keep_page_signed_in, require_own_password
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.realtime import keys
from backend.realtime.views import View, replayed


class PasswordView(View):
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
