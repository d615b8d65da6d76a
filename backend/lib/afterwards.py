"""Callbacks that run after the request, outside its transactions: for what is kept although the act was refused."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting", default=None)


def afterwards(act: Callable[[], None]) -> None:
    """Run a callback at the end of the current request, whether it succeeded or failed; at once without a request.

    A refusal rolls back everything that its transaction wrote. What must be known of the attempt is written here.
    """
    waiting = _waiting.get()
    if waiting is None:
        act()
    else:
        waiting.append(act)


class Afterwards:
    """Runs the callbacks that wait for the end of the request (a middleware)."""

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
