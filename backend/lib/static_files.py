"""Serves the pages' own files, always whole: their server reads `Range` wrongly, and none is worth resuming."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class WholeFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Leaves `Range` unread, as a server may (RFC 9110, 14.2). Of an archive of the map pieces are asked for."""

    def serve(self, static_file: Any, request: HttpRequest) -> HttpResponseBase:
        """Return a file."""
        if not request.path.endswith(".pmtiles"):
            request.META.pop("HTTP_RANGE", None)
        response: HttpResponseBase = super().serve(static_file, request)
        return response
