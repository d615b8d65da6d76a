"""An installation that the release has made and filled, and a browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from simulator.throwaway import PrivateRedis, has_postgres, has_redis_server, postgres_database
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.upgrade.force import fill
from tests.upgrade.release import NoHistory, build_release
from tests.upgrade.version import Version, settings


@dataclass
class Filled:
    """A database that the release has made and filled, which nothing runs on; each test has a copy of it."""

    release: Path
    database: str
    signs_in: dict[str, Any]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Build the release, and let it make units and people."""
    if not has_postgres() or not has_redis_server():
        pytest.skip("needs PostgreSQL and redis-server")
    try:
        release = build_release()
    except NoHistory as error:
        pytest.skip(str(error))
    with postgres_database("release") as url:
        version = Version(release, settings(url, ""), tmp_path_factory.mktemp("release") / "logs")
        version.migrate()
        yield Filled(release, urlsplit(url).path.lstrip("/"), fill(version))


@pytest.fixture
def old(filled: Filled, tmp_path: Path) -> Iterator[Version]:
    """Return the release on an installation's database, with a Redis of its own; nothing of it runs yet."""
    redis = PrivateRedis.make()
    try:
        redis.start()
        with postgres_database("upgrade", like=filled.database) as url:
            version = Version(filled.release, settings(url, redis.url), tmp_path / "old")
            yield version
            version.kill()
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
