"""What a stranger has written to Redis is neither run nor believed."""

import asyncio
import os
import pickle
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from cryptography.fernet import InvalidToken
from django.core.cache.backends.redis import RedisCache

from backend.lib.redis_settings import SignedJson, caches, channel_layers
from simulator.throwaway import PrivateRedis, has_redis_server

pytestmark = pytest.mark.skipif(not has_redis_server(), reason="needs redis-server")


class RunsCode:
    """What a pickle can do when it is read."""

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return os.putenv, ("MUSTER_PICKLED", "yes")


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateRedis]:
    server = PrivateRedis.make()
    server.start()
    yield server
    server.close()


@pytest.fixture
def cache(server: PrivateRedis) -> RedisCache:
    server.flush()
    given = caches(server.url)["default"]
    return RedisCache(given["LOCATION"], {"OPTIONS": given["OPTIONS"]})


@pytest.mark.parametrize("value", ["text", "", None, True, 0, -3, 2.5, [1, "二"], {"a": {"b": []}}])
def test_values_come_out_as_they_went_in(cache: RedisCache, value: Any) -> None:
    cache.set("key", value)
    assert cache.get("key", "default") == value
    assert type(cache.get("key")) is type(value)


def test_redis_counts(cache: RedisCache) -> None:
    cache.set("n", 1)
    assert (cache.incr("n"), cache.get("n")) == (2, 2)


@pytest.mark.parametrize(
    "written",
    [
        pickle.dumps(RunsCode()),
        pickle.dumps("forged"),
        b'"forged"',
        b'"forged":c2lnbmVk',
        b"",
        b"\xff\xfe",
        SignedJson().dumps("true")[:-1],  # type: ignore[index]  # a text is kept as bytes
    ],
)
def test_what_none_of_our_processes_wrote_is_not_there(
    server: PrivateRedis, cache: RedisCache, written: bytes
) -> None:
    with redis.Redis.from_url(server.url) as stranger:
        stranger.set(cache.make_key("badges.revoked"), written)

    assert cache.get("badges.revoked") is None
    assert "MUSTER_PICKLED" not in os.environ


async def test_a_message_that_none_of_our_processes_sent_is_refused(server: PrivateRedis) -> None:
    ours, theirs = (_layer(server.url, secret) for secret in ("a" * 40, "b" * 40))
    channel = await ours.new_channel("hub")
    await ours.group_add("hubs", channel)

    await theirs.group_send("hubs", {"type": "hub.messages", "messages": ["forged"]})
    with pytest.raises(InvalidToken):
        await asyncio.wait_for(ours.receive(channel), 10)

    await ours.group_send("hubs", {"type": "hub.messages", "messages": ["ours"]})
    assert (await asyncio.wait_for(ours.receive(channel), 10))["messages"] == ["ours"]
    for layer in (ours, theirs):
        with suppress(Exception):
            await layer.flush()


def _layer(url: str, secret: str) -> Any:
    return RedisPubSubChannelLayer(
        **channel_layers(url, prefix="muster.test", secret_key=secret)["default"]["CONFIG"]
    )
