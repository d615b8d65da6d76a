"""Databases and a Redis that are made for one run and gone after it."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from simulator.processes import Server, free_port

DEFAULT_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"


def _server() -> str:
    """Return the URL of the maintenance database: the one in DATABASE_URL need not exist yet."""
    given = os.environ.get("DATABASE_URL", "")
    server = given if given.startswith("postgres") else DEFAULT_POSTGRES
    return urlunsplit(urlsplit(server)._replace(path="/postgres"))


@contextmanager
def postgres_database(purpose: str) -> Iterator[str]:
    """Make an empty database on the server of DATABASE_URL and yield its URL; drop it afterwards."""
    server = _server()
    name = f"muster_{purpose}_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def has_postgres() -> bool:
    """Tell whether a PostgreSQL answers where throw-away databases would be made."""
    try:
        psycopg.connect(_server(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@dataclass
class PrivateRedis:
    """A redis-server of our own, which may be stopped, flushed or killed without touching anybody else's."""

    server: Server
    folder: Path

    @classmethod
    def make(cls, *, prefix: tuple[str, ...] = ()) -> "PrivateRedis":
        """Prepare one on a free port; `prefix` is put before the command (to pin it to a core)."""
        folder = Path(tempfile.mkdtemp(prefix="muster-redis-"))
        port = free_port()
        keep_nothing = ("--save", "", "--appendonly", "no", "--dir", str(folder))
        command = (*prefix, "redis-server", "--bind", "127.0.0.1", "--port", str(port), *keep_nothing)
        server = Server("redis", command, port, log=folder / "log")
        return cls(server, folder)

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"redis://127.0.0.1:{self.server.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.server.start()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self.server.expect_running()
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError("redis-server does not answer")

    def flush(self) -> None:
        """Lose everything it holds, as `redis-cli flushall` does."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def close(self) -> None:
        """End it and leave nothing behind."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def has_redis_server() -> bool:
    """Tell whether this machine can run a Redis of our own."""
    return shutil.which("redis-server") is not None
