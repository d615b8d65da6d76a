"""Settings of Redis: a value from Redis is trusted only if it was signed with the secret key.

An attacker with write access to Redis can neither run code in a process (nothing is unpickled) nor forge an order.
"""

import json
from typing import Any

from django.core.signing import BadSignature, Signer

from backend.lib.encryption import derived_key


def channel_layers(redis_url: str, *, prefix: str, secret_key: str) -> dict[str, dict[str, Any]]:
    """Return CHANNEL_LAYERS: the bus between processes, encrypted and signed; without Redis an in-process bus."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    keys = [derived_key(secret_key, "bus")]
    config = {"hosts": [redis_url], "prefix": prefix, "symmetric_encryption_keys": keys}
    return {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}}


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Return CACHES: one cache for all processes, as signed JSON; without Redis each process has its own."""
    if not redis_url:
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    options = {"serializer": "backend.lib.redis_settings.SignedJson"}
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "OPTIONS": options,
        }
    }


class SignedJson:
    """Serializer of the cache. Integers stay plain, because Redis counts with them."""

    def __init__(self) -> None:
        self._signer = Signer(salt="cache")

    def dumps(self, value: Any) -> int | bytes:
        """Return a value as Redis stores it. Raises TypeError for a value that is not JSON."""
        if type(value) is int:  # a bool is not a counter
            return value
        return self._signer.sign(json.dumps(value)).encode()

    def loads(self, kept: bytes) -> Any:
        """Return a stored value; None, as for a missing key, for a value without a valid signature."""
        try:
            return int(kept)
        except ValueError:
            pass
        try:
            return json.loads(self._signer.unsign(kept.decode()))
        except (BadSignature, ValueError):
            return None
