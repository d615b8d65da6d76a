"""What has to be kept although the act was refused: done when the request is over, outside of its transactions."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting", default=None)


def afterwards(act: Callable[[], None]) -> None:
    """Do something when the request at work is over, whatever became of it; at once where there is no request.

    A refusal takes back everything that its transaction wrote, and with it what must be known of the attempt.
    """
    waiting = _waiting.get()
    if waiting is None:
        act()
    else:
        waiting.append(act)


class Afterwards:
    """Does what waits for the end of the request (a middleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        waiting: list[Callable[[], None]] = []
        token = _waiting.set(waiting)
        try:
            return self.get_response(request)
        finally:
            _waiting.reset(token)
            for act in waiting:
                act()
