"""The refusals: every reason for which an act is not done, named after the fact."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

_Found = TypeVar("_Found")

BUSY_FOR_S = (2, 6)
"""Seconds after which a client that got `Busy` may try again."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A quota of a client: `most` requests called `name` within `seconds`."""

    name: str
    most: int
    seconds: int


class Refusal(Exception):
    """A refusal of an act, with a reason that a person can act upon.

    The class name becomes the problem type (`TaskAlreadyFull` → `/problems/task-already-full`); the docstring's
    first line is the default detail.
    """

    status: ClassVar[int] = 409
    retry_after_s: int | None = None
    """Seconds after which the client may try again, if known."""

    def __init__(self, detail: str = "", *, errors: list[dict[str, str]] | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().split("\n")[0]
        self.errors = errors or []
        super().__init__(self.detail)

    @property
    def said(self) -> str:
        """The detail for the reader: in English for developers, in a person's own language on pages."""
        return self.detail

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of the problem beyond the standard ones (RFC 9457, section 3.2)."""
        return {}

    @classmethod
    def slug(cls) -> str:
        """Return the kebab-case name that ends the problem type."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """Return the name as words."""
        return cls.slug().replace("-", " ").capitalize()


class NotFound(Refusal):
    """There is no such thing, or you may not see it."""

    status = 404


class NotAllowed(Refusal):
    """Your posts do not allow this act."""

    status = 403


class NotSignedIn(Refusal):
    """Sign in first: the token is missing, expired or revoked."""

    status = 401

    def __init__(self, detail: str = "", *, because: str = "") -> None:
        super().__init__(detail)
        self.because = because

    @property
    def members(self) -> Mapping[str, Any]:
        """The event that ended the sign-in, for the device that had it."""
        return {"because": self.because} if self.because else {}


class TokenExpired(NotSignedIn):
    """The token has expired: renew it."""

    @classmethod
    def slug(cls) -> str:
        """Return the name that all dead tokens share: a client treats them alike."""
        return NotSignedIn.slug()


class CredentialsWrong(Refusal):
    """The number or phone, or what was to prove that it is yours, is wrong."""

    status = 401


class Malformed(Refusal):
    """This is not JSON."""

    status = 400


class UnsupportedMediaType(Refusal):
    """This address does not take a body of this content type, or in this character set."""

    status = 415


class Invalid(Refusal):
    """Some fields are missing or wrong; `errors` says which and why."""

    status = 422


class TooLarge(Refusal):
    """The message is larger than allowed."""

    status = 413


class BodyTooSlow(Refusal):
    """The body of the request came too slowly; the connection has been closed."""

    status = 408


class AddressTooLong(Refusal):
    """The address of the request is longer than 4,096 bytes."""

    status = 414


class HeadersTooLarge(Refusal):
    """The headers of the request are larger than 16,384 bytes."""

    status = 431


class TooMany(Refusal):
    """Too many requests; wait and try again."""

    status = 429
    retry_after_s = 5

    def __init__(self, detail: str = "", *, retry_after_s: int = 5, limit: Allowance | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = max(1, retry_after_s)
        self.limit = limit


class Busy(Refusal):
    """The server has more to do than it can at this moment; wait and try again."""

    status = 503

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        # Spread the retries: clients that were refused together would otherwise come back together.
        self.retry_after_s = random.randint(*BUSY_FOR_S)


class UnknownType(Refusal):
    """There is no frame of this type."""

    status = 404


def require(allowed: _Found, refusal: type[Refusal] = NotFound) -> _Found:
    """Return what a rule answered, a grant with its post, or raise `refusal` when that is a no.

    The default hides that the thing exists.
    """
    if not allowed:
        raise refusal()
    return allowed


def required(found: _Found | None, refusal: type[Refusal] = NotFound) -> _Found:
    """Return what was found, or raise `refusal` when it is None; `require` for a value that is then used."""
    if found is None:
        raise refusal
    return found
