"""How the product uses Redis: nothing that is read from it is believed unless it was signed with the secret key.

An attacker who writes to Redis can neither run code in a process (nothing is unpickled) nor forge an order.
"""

import json
from typing import Any

from django.core.signing import BadSignature, Signer

from backend.lib.encryption import derived_key


def channel_layers(redis_url: str, *, prefix: str, secret_key: str) -> dict[str, dict[str, Any]]:
    """Return CHANNEL_LAYERS: the bus between processes, encrypted and signed; without Redis inside the process."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    keys = [derived_key(secret_key, "bus")]
    config = {"hosts": [redis_url], "prefix": prefix, "symmetric_encryption_keys": keys}
    return {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}}


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Return CACHES: shared by all processes, as signed JSON; without Redis each process has its own."""
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
    """Serializer of the cache. Whole numbers stay as they are, since Redis counts with them."""

    def __init__(self) -> None:
        self._signer = Signer(salt="cache")

    def dumps(self, value: Any) -> int | bytes:
        """Return a value as Redis keeps it. Raises TypeError for what is not JSON."""
        if type(value) is int:  # a bool is none
            return value
        return self._signer.sign(json.dumps(value)).encode()

    def loads(self, kept: bytes) -> Any:
        """Return a kept value; None, as if it were not there, for one that was not signed with the secret key."""
        try:
            return int(kept)
        except ValueError:
            pass
        try:
            return json.loads(self._signer.unsign(kept.decode()))
        except (BadSignature, ValueError):
            return None
