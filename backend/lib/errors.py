"""The refusals: every reason for which an act is not done, named after the fact."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Found = TypeVar("_Found")

BUSY_FOR_S = (2, 6)
"""Seconds after which a client that got `Busy` may try again."""

SENT_BEFORE = _("This was sent before, with other content. Load the page again, then enter it anew.")
NOT_UNDERSTOOD = _("The server does not understand this. Load the page again, or update the app.")
"""What people are told where a program has made the mistake: a reused id or key, or a wrong address or frame."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A quota of a client: `most` requests called `name` within `seconds`."""

    name: str
    most: int
    seconds: int


class Refusal(Exception):
    """A refusal of an act, with a reason that a person can act upon.

    Each class says its `slug`, which ends the problem type (`/problems/task-over`), and its `text` for people. The
    docstring's first line is the default detail, for developers.
    """

    status: ClassVar[int] = 409
    slug: ClassVar[str]
    text: ClassVar[Promise | str]
    """What people are told, in the language of the page; `parameters` fills it in."""
    field: ClassVar[str] = ""
    """The field of a form that it is about, where it is one."""
    retry_after_s: int | None = None
    """Seconds after which the client may try again, if known."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not (hasattr(cls, "slug") and hasattr(cls, "text")):
            raise TypeError(f"{cls.__name__} has no slug, or no text for people")

    def __init__(self, detail: str = "", *, errors: list[dict[str, str]] | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().split("\n")[0]
        self.errors = errors or []
        super().__init__(self.detail)

    @property
    def said(self) -> str:
        """The detail as the problem has it."""
        return self.detail

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of the problem beyond the standard ones (RFC 9457, section 3.2)."""
        return {}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of the text's placeholders."""
        return {}

    @property
    def words(self) -> str:
        """The text for people, in the language of the moment."""
        return str(self.text) % self.parameters if self.parameters else str(self.text)

    @classmethod
    def title(cls) -> str:
        """Return the slug as words."""
        return cls.slug.replace("-", " ").capitalize()


Instead = Mapping[Any, Promise | str]
"""What a page says of a class of refusals in the place of its own text, where the page knows more."""


def told(refusal: Refusal, instead: Instead | None = None) -> str:
    """Return what people are told of a refusal: its own text, or what a page says `instead` of a class."""
    for kind in type(refusal).__mro__:
        if instead and kind in instead:
            return str(instead[kind])
    return refusal.words


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield every class of refusals that has been imported."""
    for kind in of.__subclasses__():
        yield kind
        yield from refusals(kind)


class NotFound(Refusal):
    """There is no such thing, or you may not see it."""

    status = 404
    slug = "not-found"
    text = _("This no longer exists, or you may not see it.")


class NotAllowed(Refusal):
    """Your posts do not allow this act."""

    status = 403
    slug = "not-allowed"
    text = _("You may not do this.")


class NotSignedIn(Refusal):
    """Sign in first: the token is missing, expired or revoked."""

    status = 401
    slug = "not-signed-in"
    text = _("Sign in first.")

    def __init__(self, detail: str = "", *, because: str = "") -> None:
        super().__init__(detail)
        self.because = because

    @property
    def members(self) -> Mapping[str, Any]:
        """The event that ended the sign-in, for the device that had it."""
        return {"because": self.because} if self.because else {}


class TokenExpired(NotSignedIn):
    """The token has expired: renew it."""

    # The slug is that of any dead token: a client does the same with all of them.


class CredentialsWrong(Refusal):
    """The number or phone, or what was to prove that it is yours, is wrong."""

    status = 401
    slug = "credentials-wrong"
    text = _("What you entered is wrong. Check it, then try again.")


class Malformed(Refusal):
    """This is not JSON."""

    status = 400
    slug = "malformed"
    text = _("What was sent cannot be read. Load the page again, or update the app.")


class MethodNotAllowed(Refusal):
    """This address does not take this method."""

    status = 405
    slug = "method-not-allowed"
    text = NOT_UNDERSTOOD


class NotAcceptable(Refusal):
    """The `Accept` header excludes JSON."""

    status = 406
    slug = "not-acceptable"
    text = NOT_UNDERSTOOD


class UnsupportedMediaType(Refusal):
    """This address does not take a body of this content type, or in this character set."""

    status = 415
    slug = "unsupported-media-type"
    text = NOT_UNDERSTOOD


class Invalid(Refusal):
    """Some fields are missing or wrong; `errors` says which and why."""

    status = 422
    slug = "invalid"
    text = _("Some fields are missing or wrong.")


class TooLarge(Refusal):
    """The message is larger than allowed."""

    status = 413
    slug = "too-large"
    text = _("This is larger than the server takes.")


class BodyTooSlow(Refusal):
    """The body of the request came too slowly; the connection has been closed."""

    status = 408
    slug = "body-too-slow"
    text = _("This came too slowly and was not taken. Try again where the network is better.")


class AddressTooLong(Refusal):
    """The address of the request is longer than 4,096 bytes."""

    status = 414
    slug = "address-too-long"
    text = NOT_UNDERSTOOD


class HeadersTooLarge(Refusal):
    """The headers of the request are larger than 16,384 bytes."""

    status = 431
    slug = "headers-too-large"
    text = _(
        "Your browser sends too much with each request. Delete the cookies of this site, then try again."
    )


class TooMany(Refusal):
    """Too many requests; wait and try again."""

    status = 429
    slug = "too-many"
    text = _("Too many attempts. Wait %(minutes)s min, then try again.")
    retry_after_s = 5

    def __init__(self, detail: str = "", *, retry_after_s: int = 5, limit: Allowance | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = max(1, retry_after_s)
        self.limit = limit

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How long to wait."""
        return {"minutes": ceil(self.retry_after_s / 60)}


class Busy(Refusal):
    """The server has more to do than it can at this moment; wait and try again."""

    status = 503
    slug = "busy"
    text = _("The server has a lot to do at this moment. Wait a little, then try again.")

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        # Spread the retries: clients that were refused together would otherwise come back together.
        self.retry_after_s = random.randint(*BUSY_FOR_S)


class UnknownType(Refusal):
    """There is no frame of this type."""

    status = 404
    slug = "unknown-type"
    text = NOT_UNDERSTOOD


class Internal(Refusal):
    """Something went wrong on the server; it was logged. Try again, and name this request if it stays."""

    status = 500
    slug = "internal"
    text = _("Something went wrong on the server. It was noted; try again.")

    def __init__(self, reference: str | None) -> None:
        super().__init__()
        self.reference = reference

    @property
    def members(self) -> Mapping[str, Any]:
        """The number under which it was logged."""
        return {"request": self.reference}

    @classmethod
    def title(cls) -> str:
        """Return the name as words."""
        return "Internal error"


def require(allowed: _Found | None, refusal: type[Refusal] = NotFound) -> _Found:
    """Return what a rule answered (a grant with its post) or a query found, or raise `refusal` where that is a no.

    The default hides that the thing exists.
    """
    if not allowed:
        raise refusal()
    return allowed
