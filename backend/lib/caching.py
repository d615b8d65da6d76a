"""Says of answers to apps, and of files, that no cache keeps them, unless the answer itself says otherwise."""

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
"""What middlewares say of an answer, for one that none of them sees."""


class NotKept:
    """Sets Cache-Control (a middleware). Pages say it themselves: what a person has typed survives going back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_api(request.path) or not is_page:
            response.headers.setdefault("Cache-Control", NOT_KEPT)
        return response
