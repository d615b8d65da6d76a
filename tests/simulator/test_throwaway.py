"""A PostgreSQL of our own may crash, and keeps what was committed."""

from collections.abc import Iterator
from typing import Literal

import psycopg
import pytest

from simulator.throwaway import PrivatePostgres, has_own_postgres


@pytest.fixture
def postgres() -> Iterator[PrivatePostgres]:
    if not has_own_postgres():
        pytest.skip("needs the programs of PostgreSQL (initdb, pg_ctl)")
    made = PrivatePostgres.make()
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_private_postgres_keeps_what_was_committed(
    postgres: PrivatePostgres, mode: Literal["fast", "immediate"]
) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")

    postgres.stop(mode)
    stopped = postgres.is_running()
    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    assert (stopped, postgres.is_running()) == (False, True)


def test_private_postgres_leaves_nothing_behind(postgres: PrivatePostgres) -> None:
    postgres.close()

    assert not postgres.is_running()
    assert not postgres.folder.exists()
