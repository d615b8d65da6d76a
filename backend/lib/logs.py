"""Log lines for machines: one JSON object each, with the id of the request or the socket, and never a token."""

import re
import uuid
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from itertools import count
from typing import Any

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

REQUEST_ID = re.compile(r"[\w.-]{8,64}")
MOST_TEXT, MOST_TRACEBACK = 2_000, 16_000
"""Characters of a text of a line; a client decides the length of some of them, by the address that it requests."""

# Possessive, and anchored at the beginning of a word: clients choose the text that is searched, and each character
# of it is examined a bounded number of times.
_SECRET = re.compile(
    r"(?<![\w-])(?=[\w-]*?eyJ)[\w-]++\.[\w-]++\.[\w-]*+"  # a JSON web token, wherever it stands
    r"|(?i:(?:bearer|basic)[ .]++)[\w.~+/=-]{8,}+"
    r"|(?<=\?)[^\s?='\"]{1,64}+=[^\s'\"]*+"  # a query: trackers of other makers send their secret in it
    r"|(?i:(?<=\bid)|(?<=password)|(?<=refresh)|(?<=token)|(?<=secret))['\"]?\s*+[:=]\s*+['\"]?[^\s'\",;}&]++"
)

Entry = MutableMapping[str, Any]


def hide_secrets(_logger: Any, _name: str, entry: Entry) -> Entry:
    """Remove tokens, passwords and queries from every text of a line, and cut long texts (a processor of structlog)."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = (
                _traceback(value) if key == "exception" else _SECRET.sub("[hidden]", value[:MOST_TEXT])
            )
    return entry


def _traceback(text: str) -> str:
    """Return the end of a traceback, in whole lines: a secret that lost its beginning would not be recognised."""
    lines = "\n".join(line[:MOST_TEXT] for line in text.split("\n"))
    if len(lines) > MOST_TRACEBACK:
        lines = "[…]\n" + lines[-MOST_TRACEBACK:].partition("\n")[2]
    return _SECRET.sub("[hidden]", lines)


def logging_settings(level: str, form: str) -> dict[str, Any]:
    """Return Django's LOGGING: `form` is `json`, or `line` for human readers."""
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "line":
        renderer = structlog.dev.ConsoleRenderer(colors=False)  # type: ignore[assignment]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            merge_contextvars,
            add_socket,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_secrets,
            renderer,
        ],
    }
    theirs = {"handlers": [], "propagate": True}  # the servers bring their own handlers
    # No handler at all, not even a copy: an address may hold a secret. Naming "uvicorn" above undoes `--no-access-log`.
    never = {"handlers": [], "propagate": False, "level": "CRITICAL"}
    always = {"level": "INFO"}  # heads of the audit: their copy in the log survives a rewritten database
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            "uvicorn": theirs,
            "uvicorn.error": theirs,
            "uvicorn.access": never,
            "django.server": theirs,
            "backend.audit.heads": always,
        },
        "root": {"handlers": ["stderr"], "level": level},
    }


class RequestIds:
    """Gives each request an id, for its log lines, its problem and the header `X-Request-ID` (a middleware).

    The id of a proxy is taken over, so that both logs use the same id.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        clear_contextvars()
        bind_contextvars(request=id)
        response = self.get_response(request)
        response["X-Request-ID"] = id
        return response


_PROCESS = uuid.uuid4().hex[:12]
_numbers = count(1)
_socket: ContextVar[int] = ContextVar("socket")


def name_socket() -> None:
    """Give the socket of this task an id for its log lines: a counter, because thousands connect in a moment."""
    _socket.set(next(_numbers))


def _socket_id() -> str:
    number = _socket.get(0)
    return f"{_PROCESS}-{number}" if number else ""


def add_socket(_logger: Any, _name: str, entry: Entry) -> Entry:
    """Add the id of the current socket (a processor of structlog)."""
    if id := _socket_id():
        entry["socket"] = id
    return entry


def current_id() -> str:
    """Return the id of the current request or socket, or a new id without either."""
    return str(structlog.contextvars.get_contextvars().get("request") or _socket_id() or uuid.uuid4().hex)
