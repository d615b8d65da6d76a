"""Forbids caches to store answers to apps and files, unless the answer has a Cache-Control of its own."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backend.lib.content_policy import NOTHING
from backend.lib.problems import is_api

NOT_KEPT = "private, no-store"
AT_THE_EDGE = {
    "Content-Security-Policy": NOTHING,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": NOT_KEPT,
}
"""The headers that middlewares set, for an answer that passes none of them."""


class NotKept:
    """Sets Cache-Control (a middleware). Pages set it themselves: typed text then survives the back button."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_api(request.path) or not is_page:
            response.headers.setdefault("Cache-Control", NOT_KEPT)
        return response
