"""Whether a process can do its work."""

import time

import redis
from django.conf import settings
from django.db import connection

from backend.realtime.hub import hub

LOG_LAG_S = 10.0
"""How long ago the hub may have read the log; it does so each second."""
LAYER_ANSWERS_WITHIN_S = 1.0


def checks() -> dict[str, bool]:
    """Return what was asked and whether it is well. `layer` is true where there is no Redis: nothing can be away."""
    return {"database": _database_answers(), "layer": _layer_answers(), "log": _log_is_read()}


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return False
    return True


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
