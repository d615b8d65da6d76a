"""Content-Security-Policy: limits what a page loads and runs, so that injected content can do nothing there."""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""For answers that are not pages: to apps, files, pictures."""
_DRAWING = "default-src 'none'; img-src data:; frame-ancestors 'none'"
"""For an SVG, which may embed a photo. Some browsers apply its policy also when a page shows it."""
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src {reached}; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none';"
    " object-src 'none'; frame-ancestors 'none'"
)
"""For pages, and for the scripts of workers, which have a policy of their own. The style sheet of the map embeds its
icons (`data:`)."""
_PERMISSIONS = (
    "geolocation=(self), camera=(), microphone=(), display-capture=(), payment=(), usb=(), serial=()"
)
_ORIGIN = re.compile(r"https?://(\*\.)?[\w.-]+(:\d+)?", re.ASCII)


def map_origins(style_url: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the origins that a map is drawn from: of its style or archive, and those that the setting adds.

    Raises ValueError for a text that is not an origin: it would become part of the policy.
    """
    found = [*_origin_of(style_url.removeprefix("pmtiles://")), *(text.rstrip("/") for text in others)]
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin} is no origin such as https://tiles.example.org")
    return tuple(dict.fromkeys(found))


def _origin_of(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.netloc:  # without a host it is our own
        yield f"{parts.scheme}://{parts.netloc}"


class ContentPolicy:
    """Sets Content-Security-Policy, and on pages Permissions-Policy (a middleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind in {"text/html", "text/javascript", "application/javascript"}:
            response.headers["Content-Security-Policy"] = _page_policy(request)
            response.headers["Permissions-Policy"] = _PERMISSIONS
        else:
            response.headers["Content-Security-Policy"] = _DRAWING if kind == "image/svg+xml" else NOTHING
        return response


def _page_policy(request: HttpRequest) -> str:
    # Safari of iOS 15 does not know yet that 'self' covers sockets.
    socket = f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"
    return _PAGE.format(reached=" ".join(("'self'", socket, *settings.MAP_ORIGINS)))
