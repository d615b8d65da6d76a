"""Access and refresh tokens: signed statements of who signed in on which device."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import Tokens
from backend.lib import clock
from backend.lib.errors import NotSignedIn, TokenExpired


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says. `session` is one sign-in of the device: tokens of an earlier one are dead."""

    user_id: int
    device: UUID
    session: UUID
    token_id: str
    expires_at: datetime
    issued_at: int
    """Seconds since 1970."""

    @property
    def issued_at_moment(self) -> datetime:
        """When the token was made, to the second."""
        return datetime.fromtimestamp(self.issued_at, UTC)

    def is_of_the_pair(self, rotated_at: datetime) -> bool:
        """Tell whether the token came with the pair that was made then, or in a repetition of its answer."""
        return self.issued_at >= int(rotated_at.timestamp())


@dataclass(frozen=True, slots=True)
class DeviceTokens:
    """What a sign-in gives a device: the account, the tokens, and the secret by which it is trusted, told once."""

    user: User
    tokens: Tokens
    introduced: bool = False
    trust_secret: str | None = None


def tokens_for(device: Device, *, number: int, at: datetime) -> Tokens:
    """Return a fresh access token, and the refresh token that the device row names as the good one."""
    access, refresh = AccessToken(), RefreshToken()
    for token in (access, refresh):
        token["user"] = str(device.user_id)
        token["device"] = str(device.pk)
        token["session"] = str(device.session)
        token["number"] = f"{number:08d}"
        token.set_iat(at_time=clock.machine_time(at))
        token.set_exp(from_time=clock.machine_time(at))
    refresh.set_exp(from_time=clock.machine_time(at), lifetime=device.lifetime)
    refresh["jti"] = device.refresh_id
    return Tokens(
        access=str(access),
        refresh=str(refresh),
        access_expires_at=at + clock.passing(AccessToken.lifetime),
        access_expires_in_s=int(AccessToken.lifetime.total_seconds()),
        server_time=at,
    )


def read_access(raw: str) -> Claims:
    """Return what a genuine, unexpired access token says, or raise NotSignedIn."""
    return _read(AccessToken, raw)


def read_refresh(raw: str) -> Claims:
    """Return what a genuine, unexpired refresh token says, or raise NotSignedIn."""
    return _read(RefreshToken, raw)


def _read(kind: type[Token], raw: str) -> Claims:
    try:
        token = kind(raw)  # type: ignore[arg-type]  # annotated as a Token, takes the encoded one
        if datetime.fromtimestamp(token["exp"], UTC) <= token.current_time:
            raise NotSignedIn  # LEEWAY is for tokens that seem to come from the future, none outlives its time by it
        return Claims(
            user_id=int(token["user"]),
            device=UUID(token["device"]),
            session=UUID(token["session"]),
            token_id=str(token["jti"]),
            expires_at=clock.product_time(datetime.fromtimestamp(token["exp"], UTC)),
            issued_at=int(clock.product_time(datetime.fromtimestamp(token["iat"], UTC)).timestamp()),
        )
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotSignedIn from error
