"""One installation of real processes for all fault tests."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from simulator.throwaway import PrivateRedis, has_postgres, has_redis_server, postgres_database
from tests.faults.harness import Installation


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    if not (has_postgres() and has_redis_server()):
        pytest.skip("needs PostgreSQL and redis-server")
    log: Path = tmp_path_factory.mktemp("faults") / "server.log"
    with postgres_database("faults") as database:
        redis = PrivateRedis.make()
        redis.start()
        running = await asyncio.to_thread(Installation.start, database, redis, log)
        try:
            await running.connect()
            yield running
        finally:
            await running.close()
            redis.close()
