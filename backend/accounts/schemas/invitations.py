"""What invitations and passwords take and give."""

from typing import Annotated

from pydantic import Field

from backend.accounts.schemas.sign_in import DeviceIn
from backend.lib.phones import LONGEST
from backend.lib.shapes import GIVEN, Line, Request

NewPassword = Annotated[str, Field(min_length=1, max_length=200)]


class PasswordIn(Request):
    """Change the password; the present one is asked for again."""

    current: Annotated[str, Field(min_length=1, max_length=200)]
    new: NewPassword


class InvitationIn(Request):
    """Sign in for the first time: the number and the code on the slip, and the password from now on."""

    number: Annotated[str, Line(LONGEST, least=1), GIVEN]
    code: Annotated[str, Line(40, least=1)]
    password: NewPassword
    device: DeviceIn
