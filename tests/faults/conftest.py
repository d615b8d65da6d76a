"""Installations of real processes for the fault tests, and which schedules are played."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from simulator.throwaway import (
    PrivatePostgres,
    PrivateRedis,
    has_own_postgres,
    has_postgres,
    has_redis_server,
    postgres_database,
)
from tests.faults.field import Field
from tests.faults.harness import Installation
from tests.faults.seeds import seeds_of
from tests.faults.verdict import Played


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("schedules of faults")
    group.addoption("--seeds", type=int, help="play seeds 1 to N; each test has a number of its own")
    group.addoption("--seed", type=int, help="play this seed alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each seed."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", seeds_of(metafunc.config, metafunc.module.SEEDS))


PLAYED = pytest.StashKey[Played]()


@pytest.fixture(scope="session")
def played(pytestconfig: pytest.Config) -> Played:
    """Return the sums of this run."""
    return pytestconfig.stash.setdefault(PLAYED, Played())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was played."""
    if PLAYED in config.stash:
        terminalreporter.write_line(f"faults: {config.stash[PLAYED]}")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    if not (has_own_postgres() and has_redis_server()):
        pytest.skip("needs the programs of PostgreSQL (initdb, pg_ctl) and redis-server, to start its own")
    log: Path = tmp_path_factory.mktemp("schedules") / "server.log"
    postgres, redis = PrivatePostgres.make(), PrivateRedis.make()
    try:
        await asyncio.to_thread(postgres.start)
        redis.start()
        running = await asyncio.to_thread(Field.start, postgres, redis, log)
        try:
            yield running
        finally:
            await running.close()
    finally:
        redis.close()
        postgres.close()


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
