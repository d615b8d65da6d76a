"""Readiness: the checks of whether a process can do its work."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backend.lib.dialect import on_postgresql
from backend.realtime.socket.hub import hub

logger = logging.getLogger(__name__)

Application = Callable[[Any, Any, Any], Awaitable[None]]

LOG_LAG_S = 10.0
"""The largest age of the hub's last read of the log; it reads every second."""
LAYER_ANSWERS_WITHIN_S = 1.0
DATABASE_ANSWERS_WITHIN_S = 2
_asking = threading.Lock()
SERVED = "admin/img/icon-yes.svg"
"""A small file that every installation has."""
SERVED_WITHIN_S, SERVED_LATELY_S = 3.0, 5.0


def checks() -> dict[str, bool]:
    """Return each check and whether it passed. `layer` is true without Redis: then no layer can fail."""
    return {
        "database": _database_answers(),
        "layer": _layer_answers(),
        "log": _log_is_read(),
        "serving": serving.ok,
    }


Alarm = Callable[[Any], list[str]]
_ALARMS: list[Alarm] = []


def alarms_by(reads: Alarm) -> Alarm:
    """Register a function of a cursor that returns an operator's alarms; for the apps above."""
    _ALARMS.append(reads)
    return reads


def alarms() -> list[str]:
    """Return the alarms for the operator; none while the database does not answer."""
    with _asking:
        try:
            with _own_connection().cursor() as cursor:
                return [alarm for reads in _ALARMS for alarm in reads(cursor)]
        except Exception:
            return []


def _database_answers() -> bool:
    with _asking:
        return any(
            _answers(_own_connection()) for _ in range(2)
        )  # the connection may date from before a restart


def _answers(own: BaseDatabaseWrapper) -> bool:
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        own.close()
        return False
    return True


@cache
def _own_connection() -> BaseDatabaseWrapper:
    """Return a connection outside the pool: a process whose pool is exhausted is busy, not broken."""
    if not on_postgresql():
        return connection
    own = connection.copy()
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options.setdefault("connect_timeout", DATABASE_ANSWERS_WITHIN_S)
    limit = f"-c statement_timeout={DATABASE_ANSWERS_WITHIN_S}s"
    options["options"] = f"{options.get('options', '')} {limit}".strip()
    own.inc_thread_sharing()
    return own


def _layer_answers() -> bool:
    if not settings.REDIS_URL:
        return True
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=LAYER_ANSWERS_WITHIN_S) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _log_is_read() -> bool:
    """Tell whether the hub, if the process has one, has read the log lately."""
    return hub.read_at is None or time.monotonic() - hub.read_at < LOG_LAG_S


class Serving:
    """Whether this process still serves: it requests a file from its own application, as a browser does.

    An application may be broken in a way that only some answers show. The request is made at most once in
    `SERVED_LATELY_S`, however often readiness is checked.
    """

    def __init__(self) -> None:
        self.ok = True
        self._looked_at: float | None = None

    async def look(self, application: Application, *, at: float) -> None:
        """Make the request, unless that was done lately; `at` is the loop's time."""
        if self._looked_at is not None and at - self._looked_at < SERVED_LATELY_S:
            return
        self._looked_at = at
        try:
            async with asyncio.timeout(SERVED_WITHIN_S):
                self.ok = await _status(application, f"/{settings.STATIC_URL.strip('/')}/{SERVED}") == 200
        except Exception as error:
            self.ok = False
            logger.error("this process no longer serves files: %r", error)  # noqa: TRY400  # each time it is asked


async def _status(application: Application, path: str) -> int:
    """Return the status of a complete answer; raises exceptions of the application."""
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        for message in asked:
            return message
        await asyncio.Event().wait()  # the caller stays connected
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    await application(_scope(path), receive, send)
    return int(told[0]["status"]) if told and not told[-1].get("more_body") else 0


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
    }


serving = Serving()
