"""The cache of one worker of a parallel run, beside others in the same database of Redis."""

from django.core.cache.backends.redis import RedisCache


class OwnCache(RedisCache):
    """Clears what has its own prefix, where the cache of Django would empty the whole database."""

    def clear(self) -> None:
        """Delete the keys of this worker."""
        redis = self._cache.get_client(None, write=True)
        keys = list(redis.scan_iter(match=f"{self.key_prefix}:*", count=1_000))
        if keys:
            redis.delete(*keys)
