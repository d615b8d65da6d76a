"""Serves the static files of the pages, always whole: the server reads `Range` wrongly, and all files are small."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class WholeFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Ignores `Range`, as a server may (RFC 9110, 14.2), except for an archive of the map, which is read in pieces."""

    def serve(self, static_file: Any, request: HttpRequest) -> HttpResponseBase:
        """Return a file."""
        if not request.path.endswith(".pmtiles"):
            request.META.pop("HTTP_RANGE", None)
        response: HttpResponseBase = super().serve(static_file, request)
        return response
