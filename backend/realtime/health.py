"""Whether a process can do its work."""

import threading
import time
from functools import cache

import redis
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backend.realtime.hub import hub

LOG_LAG_S = 10.0
"""How long ago the hub may have read the log; it does so each second."""
LAYER_ANSWERS_WITHIN_S = 1.0
DATABASE_ANSWERS_WITHIN_S = 2
_asking = threading.Lock()


def checks() -> dict[str, bool]:
    """Return what was asked and whether it is well. `layer` is true where there is no Redis: nothing can be away."""
    return {"database": _database_answers(), "layer": _layer_answers(), "log": _log_is_read()}


def _database_answers() -> bool:
    with _asking:
        return any(
            _answers(_own_connection()) for _ in range(2)
        )  # the connection may be one from before a restart


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
    """Return a connection beside the pool: a process whose connections are all in use is busy, not out of order."""
    if connection.vendor != "postgresql":
        return connection
    own = connection.copy()
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options.setdefault("connect_timeout", DATABASE_ANSWERS_WITHIN_S)
    options.setdefault("options", f"-c statement_timeout={DATABASE_ANSWERS_WITHIN_S}s")
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
    """Tell whether the hub, if there is one, has read the log lately."""
    return hub.read_at is None or time.monotonic() - hub.read_at < LOG_LAG_S
