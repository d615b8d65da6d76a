"""Servers of one's own, and a browser, for installations that are upgraded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from simulator.throwaway import PrivateRedis, has_postgres, has_redis_server, postgres_database
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.upgrade.version import settings


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Return the settings of an installation on an empty PostgreSQL database and a Redis of its own."""
    if not has_postgres() or not has_redis_server():
        pytest.skip("needs PostgreSQL and redis-server")
    redis = PrivateRedis.make()
    try:
        redis.start()
        with postgres_database("upgrade") as url:
            yield settings(url, redis.url)
    finally:
        redis.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Drive the system's Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
