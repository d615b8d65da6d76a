"""What the second factor of a sign-in takes and gives."""

from typing import Annotated, Literal
from uuid import UUID

from typing_extensions import TypeAliasType

from backend.accounts.schemas.sign_in import DeviceIn
from backend.lib.shapes import Instant, Line, Request, Shape

Way = TypeAliasType("Way", Literal["authenticator", "recovery_code", "sent_code", "set_up"])
Code = Annotated[str, Line(20, least=1)]


class SecondFactorAsked(Shape):
    """What a sign-in waits for, after the password was right.

    `ways` names what the person can do: show a code of the `authenticator`, or a `recovery_code`; have a code sent to
    the other devices on which they are signed in (`sent_code`); or, where a post asks for a second factor and there is
    none yet, set an authenticator up (`set_up`).
    """

    challenge: UUID
    ways: list[Way]
    expires_at: Instant


class SecondFactorIn(Request):
    """Show a code, of whichever way; unless `trust` is false the device is trusted for 30 days."""

    challenge: UUID
    code: Code
    device: DeviceIn
    trust: bool = True


class ChallengeIn(Request):
    """Name the sign-in that waits."""

    challenge: UUID


class CodeIn(Request):
    """A code of the authenticator, or a recovery code."""

    code: Code


class AuthenticatorOut(Shape):
    """What an authenticator app needs, as an address and as a QR code (SVG); told until a code of it has been shown."""

    uri: str
    secret: str
    qr_svg: str


class RecoveryCodes(Shape):
    """Codes that open once each when the authenticator is lost; they are never told again.

    With the first ones comes the secret by which the device that set the authenticator up is trusted.
    """

    codes: list[str]
    trust_secret: str | None = None


class SecondFactorOut(Shape):
    """Whether the second factor is set up, whether one's posts or choice ask for it, and the recovery codes left."""

    confirmed: bool
    asked: bool
    recovery_codes: int
