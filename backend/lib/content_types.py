"""Content types: an address takes those that it declares, in UTF-8, and refuses others unread.

A view of the API declares them by its `parser_classes`, from which openapi.yaml is generated; a page takes forms.
"""

import codecs
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import IO, Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from backend.lib.caching import AT_THE_EDGE
from backend.lib.errors import Malformed, UnsupportedMediaType
from backend.lib.problems import PROBLEM, is_api, problem_of, refusal_response

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class PngParser(BaseParser):
    """Declares that a view takes a PNG file as the body."""

    media_type = "image/png"


class JpegParser(BaseParser):
    """Declares that a view takes a JPEG file as the body."""

    media_type = "image/jpeg"


class DeclaredContentTypes(DefaultContentNegotiation):
    """Refuses a body of a content type that the view has no parser for (DRF's negotiation)."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Check the content type of the body first: DRF calls this before it authenticates the caller."""
        parsers = request.parsers or ()
        require_content_type(request._request, [str(parser.media_type) for parser in parsers])  # noqa: SLF001
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen


class KnownCharacters:
    """Refuses a body in another charset than UTF-8, and on pages every body that is not a form (a middleware).

    Django would decode forms and parameters by any codec that a client names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            _require_utf8(request)
            if not is_api(request.path):
                require_content_type(request, FORMS)
        except UnsupportedMediaType as refusal:
            return refusal_response(request, refusal)
        return self.get_response(request)


def require_content_type(request: HttpRequest, declared: Collection[str]) -> None:
    """Raise UnsupportedMediaType for a body of an undeclared content type, or without a content type."""
    if has_body(request) and request.content_type not in declared:
        raise UnsupportedMediaType(f"This address takes {' or '.join(declared)}.")


def has_body(request: HttpRequest) -> bool:
    """Tell whether a request has a body, by its headers (RFC 9112, section 6.3)."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length != "0" or bool(request.META.get("HTTP_TRANSFER_ENCODING"))


def _require_utf8(request: HttpRequest) -> None:
    named = (request.content_params or {}).get("charset", "utf-8")
    try:
        is_utf8 = codecs.lookup(named).name == "utf-8"
    except (LookupError, ValueError):
        is_utf8 = False
    if not is_utf8:
        raise UnsupportedMediaType("Send UTF-8.")
    request.encoding = "utf-8"  # whatever charset the client declared


class Handler(ASGIHandler):
    """Answers 400 when Django cannot read the headers of a request, for example a broken content type."""

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponse]:
        """Return the request, or the answer in its place."""
        try:
            return self.request_class(scope, body_file), None
        except (ValueError, LookupError):  # from texts and codecs
            problem = problem_of(Malformed("The headers of this request cannot be read."))
            content = problem.model_dump_json(exclude_none=True)
            return None, HttpResponse(content, status=400, content_type=PROBLEM, headers=AT_THE_EDGE)
