"""Turns an exception into an RFC 9457 problem, the same for REST and for a reply on the socket."""

import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from math import ceil
from typing import Any

import pydantic
import pydantic_core
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout, TooManyRequests
from pydantic import ConfigDict
from pydantic_core import ErrorDetails
from rest_framework import exceptions as drf
from rest_framework.response import Response

from backend.lib.errors import (
    Busy,
    Internal,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refusal,
    TooLarge,
    TooMany,
    UnsupportedMediaType,
    told,
)
from backend.lib.logs import current_id
from backend.lib.shapes import Shape

logger = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
MAX_ERRORS, MAX_NAMED = 1_000, 20
"""Wrong fields of one body up to which they are described, and how many of them."""


class FieldError(Shape):
    """One wrong field: a JSON pointer to it, and what is wrong."""

    pointer: str
    detail: str


class Problem(Shape):
    """What went wrong, where, and what to do (RFC 9457). Some types have members of their own, see problems.md."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None
    request: str | None = None
    retry_after_s: int | None = None


def problem_of(error: Exception) -> Problem:
    """Return the problem for any exception; an unexpected one is logged, and the client gets no detail of it."""
    return _problem(_logged(error))


def _logged(error: Exception) -> Refusal:
    """Return the refusal for any exception; `Internal` for an unexpected one, with the number of its log line."""
    if refusal := refusal_of(error):
        return refusal
    reference = current_id()
    logger.error("unforeseen error %s", reference, exc_info=error)
    return Internal(reference)


def _problem(refusal: Refusal) -> Problem:
    return Problem(
        type=f"/problems/{refusal.slug}",
        title=refusal.title(),
        status=refusal.status,
        detail=refusal.said,
        errors=[FieldError(**error) for error in refusal.errors] or None,
        retry_after_s=refusal.retry_after_s,
        **refusal.members,
    )


def is_refusal(error: Exception) -> bool:
    """Tell whether an exception is a refusal with a reason; any other exception is unexpected."""
    return refusal_of(error) is not None


def invalid(error: pydantic.ValidationError, *, base: str = "", skip: int = 0) -> Refusal:
    """Return the refusal that names each wrong field of a shape; broken JSON is `Malformed`.

    `base` goes before each pointer; `skip` steps of pydantic's own are left out of it.
    """
    if (
        error.error_count() > MAX_ERRORS
    ):  # a megabyte of unknown fields would become a hundred megabytes of descriptions
        return Invalid(
            f"{error.error_count()} fields are wrong: this is not the shape that is expected here."
        )
    if broken := next((item for item in _details(error) if item["type"] == "json_invalid"), None):
        return Malformed(broken["msg"])
    return Invalid(errors=wrong_fields(error, base=base, skip=skip))


def wrong_fields(error: pydantic.ValidationError, *, base: str = "", skip: int = 0) -> list[dict[str, str]]:
    """Return a pointer to each wrong field, up to 20, and what is wrong with it; see `invalid`."""
    return [
        {"pointer": base + pointer_to(*item["loc"][skip:]), "detail": what_is_wrong(item)}
        for item in islice(_details(error), MAX_NAMED)
    ]


def what_is_wrong(item: ErrorDetails) -> str:
    """Return what is wrong with a field in our own words: pydantic's mention its prefixes, classes and patterns."""
    kind, words = item["type"], item["msg"]
    if kind in {"value_error", "assertion_error"}:
        return words.partition(", ")[2] or words
    return _WORDS.get(kind, words)


_WORDS = {
    "extra_forbidden": "there is no such field",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be an object",
    "dict_type": "must be an object",
    "union_tag_invalid": "there is no such type",
    "union_tag_not_found": "must have a type",
    "string_pattern_mismatch": "has not the form that is expected here",
}
"""Our message for each error of pydantic whose own message describes the program instead of the field."""


def _details(error: pydantic.ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=False, include_input=False)


def refuse_nul(document: bytes | str) -> None:
    """Raise Invalid naming each text of a JSON document with the NUL character, which PostgreSQL cannot store.

    |JSON can spell NUL only as an escape, so a document without that escape is not parsed a second time.
    """
    escape = "\\u0000"
    if (escape.encode() if isinstance(document, bytes) else escape) not in document:  # type: ignore[operator]
        return
    try:
        found = islice(_nul_in(pydantic_core.from_json(document)), 20)
    except ValueError:
        return  # not JSON; its reader will say so
    if errors := [{"pointer": pointer, "detail": "must not contain the NUL character"} for pointer in found]:
        raise Invalid(errors=errors)


class _Twice(dict[str, Any]):
    """An object with duplicate members."""

    names: tuple[str, ...]


def refuse_twice(document: bytes | str) -> None:
    """Raise Invalid naming each duplicate member of a JSON document.

    The check costs a second parse, so positions skip it: of a duplicate member in them the last one counts.
    """
    found: list[_Twice] = []

    def read(members: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(members)
        if len(content) == len(members):
            return content
        counts = Counter(name for name, _ in members)
        twice = _Twice(content)
        twice.names = tuple(name for name, count in counts.items() if count > 1)
        found.append(twice)
        return twice

    try:
        content = json.loads(document, object_pairs_hook=read)
    except (ValueError, RecursionError):
        return  # not JSON; its reader will say so
    if found:
        pointers = islice(_twice_in(content), MAX_NAMED)
        raise Invalid(errors=[{"pointer": pointer, "detail": "was given twice"} for pointer in pointers])


def _twice_in(part: Any, pointer: str = "") -> Iterator[str]:
    """Yield a pointer to each duplicate member."""
    if isinstance(part, _Twice):
        yield from (pointer + pointer_to(name) for name in part.names)
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for place, value in inner:
        yield from _twice_in(value, pointer + pointer_to(place))


def _nul_in(part: Any, pointer: str = "") -> Iterator[str]:
    """Yield a pointer to each text with NUL, and to each object with such a name."""
    if isinstance(part, str) and "\0" in part:
        yield pointer
    elif isinstance(part, dict):
        if any("\0" in name for name in part):
            yield pointer
        for name, inner in part.items():
            yield from _nul_in(inner, pointer + pointer_to(name))
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from _nul_in(inner, f"{pointer}/{index}")


def problem_response(error: Exception, _context: dict[str, Any]) -> Response:
    """Answer a request that failed (DRF's exception handler)."""
    problem = problem_of(error)
    return Response(
        problem.model_dump(mode="json", exclude_none=True),
        status=problem.status,
        headers=headers_of(error, problem),
        content_type=PROBLEM,
    )


def headers_of(error: Exception, problem: Problem) -> dict[str, str]:
    """Return the headers of a problem: how to sign in, when to retry, the quota."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if isinstance(error, TooMany) and (limit := error.limit):
        headers["RateLimit-Policy"] = f'"{limit.name}";q={limit.most};w={limit.seconds}'
        headers["RateLimit"] = f'"{limit.name}";r=0;t={error.retry_after_s}'
    return headers


def pointer_to(*location: int | str) -> str:
    """Return the JSON pointer to a place in a body."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


_REFUSALS: dict[type[Exception], type[Refusal]] = {
    Http404: NotFound,
    drf.NotFound: NotFound,
    drf.NotAuthenticated: NotSignedIn,
    drf.AuthenticationFailed: NotSignedIn,
    drf.PermissionDenied: NotAllowed,
    PermissionDenied: NotAllowed,
    drf.ParseError: Malformed,
    drf.ValidationError: Invalid,
    drf.UnsupportedMediaType: UnsupportedMediaType,
    RequestDataTooBig: TooLarge,
    # A failed sign-in, and the check of a page's CSRF header, look at the form of a request: there may be none.
    SuspiciousOperation: Malformed,
    BadRequest: Malformed,
    MultiPartParserError: Malformed,
    RawPostDataException: Malformed,
    UnreadablePostError: Malformed,
    drf.MethodNotAllowed: MethodNotAllowed,
    drf.NotAcceptable: NotAcceptable,
}
_IN_THEIR_WORDS = {MethodNotAllowed, NotAcceptable}
"""Refusals whose detail is the framework's: it names the method, or the media types."""


def refusal_of(error: Exception) -> Refusal | None:
    """Return why something was not done, whichever library says it; None for what was not foreseen."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, OperationalError) and isinstance(error.__cause__, PoolTimeout | TooManyRequests):
        return Busy()  # all database connections are in use
    if isinstance(error, drf.Throttled):
        return TooMany(retry_after_s=ceil(getattr(error, "wait", None) or 0))
    if isinstance(error, pydantic.ValidationError):
        return invalid(error)
    for foreign, refusal in _REFUSALS.items():
        if isinstance(error, foreign):
            return refusal(str(getattr(error, "detail", "")) if refusal in _IN_THEIR_WORDS else "")
    return None


def problem_page(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's
    """Answer an unknown address: a problem below /api/, a page for people elsewhere.

    Like Django's own page it reads no form: the form may be unreadable.
    """
    if not is_api(request.path):
        return render(request, "404.html", status=404)
    return refusal_response(request, NotFound())


def malformed_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read. Reads no form: the form may be what failed."""
    return refusal_response(request, refusal_of(exception) or Malformed())


def denied_page(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's
    """Answer a caller without permission, where no view has answered itself."""
    return refusal_response(request, NotAllowed())


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django's
    """Answer a form without the CSRF token of this browser's session (`CSRF_FAILURE_VIEW`)."""
    said = _("This page was open for long, or your browser keeps no cookies. Open it again, then try again.")
    return render(request, "refused.html", {"said": said}, status=NotAllowed.status)


class Refusals:
    """Answers refusals that a page raised and did not handle, for example while the server is busy (a middleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the answer to a refusal; None for exceptions that Django handles and for unexpected ones."""
        refused = isinstance(exception, Refusal) or isinstance(refusal_of(exception), Busy)
        return refusal_response(request, exception) if refused else None


def failed_page(request: HttpRequest) -> HttpResponse:
    """Answer an exception outside the views; Django calls it while it handles the exception."""
    error = sys.exc_info()[1]
    return refusal_response(request, error if isinstance(error, Exception) else RuntimeError("no error"))


def refusal_response(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer a refusal before any view: below /api/ with a problem, elsewhere with a page."""
    refusal = _logged(error)
    problem = _problem(refusal)
    headers = headers_of(refusal, problem)
    if is_api(request.path):
        content = problem.model_dump_json(exclude_none=True)
        return HttpResponse(content, status=problem.status, content_type=PROBLEM, headers=headers)
    response = render(request, "refused.html", {"said": told(refusal)}, status=problem.status)
    for name, value in headers.items():
        response[name] = value
    return response


def is_api(path: str) -> bool:
    """Tell whether an address belongs to the API: its clients get problems, not pages."""
    return path.startswith("/api/")
