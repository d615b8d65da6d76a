"""Temporary databases, PostgreSQL and Redis servers: made for one run and removed after it."""

import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
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
def postgres_database(purpose: str, *, like: str = "template1") -> Iterator[str]:
    """Make a database on the server of DATABASE_URL and yield its URL; drop it afterwards.

    It is empty, or a copy of the database `like`, to which nothing may be connected then.
    """
    server = _server()
    name = f"muster_{purpose}_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        names = map(sql.Identifier, (name, like))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def has_postgres() -> bool:
    """Tell whether a PostgreSQL answers where temporary databases would be made."""
    try:
        psycopg.connect(_server(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@dataclass
class PrivateRedis:
    """A private redis-server, which may be stopped, flushed or killed without harm to other users."""

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
        """Lose all its data, as `redis-cli flushall` does."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def close(self) -> None:
        """End it and remove its files."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def has_redis_server() -> bool:
    """Tell whether this machine can run a private Redis."""
    return shutil.which("redis-server") is not None


POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
POSTGRES_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 128MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
autovacuum = off
jit = off
"""
"""A commit still reaches the kernel before it is confirmed: it survives a crash of the server, not of the machine."""


@dataclass
class PrivatePostgres:
    """A private PostgreSQL server, which may be stopped or crashed without harm to other users.

    PostgreSQL refuses to run as root: then the programs run as `owner`, an account without rights.
    """

    programs: Path
    folder: Path
    port: int
    owner: str | None

    @classmethod
    def make(cls) -> "PrivatePostgres":
        """Prepare an empty cluster on a free port. Raises RuntimeError when this machine cannot."""
        programs = postgres_programs()
        owner = _unprivileged()
        if programs is None or (os.geteuid() == 0 and owner is None):
            raise RuntimeError("no PostgreSQL of our own can be made here")
        folder = Path(tempfile.mkdtemp(prefix="muster-postgres-"))
        if owner:
            shutil.chown(folder, owner, pwd.getpwnam(owner).pw_gid)
        made = cls(programs, folder, free_port(), owner)
        made._run(
            "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"
        )
        with (made._data / "postgresql.conf").open("a") as settings:
            settings.write(f"{POSTGRES_SETTINGS}port = {made.port}\n")
        return made

    @property
    def url(self) -> str:
        """The address for DATABASE_URL: the maintenance database, which serves as well as any other."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers, recovered if it had crashed."""
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={self.folder / 'log'}")

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """End it: `fast` aborts running statements, `immediate` is a crash."""
        self._run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def is_running(self) -> bool:
        """Tell whether the server is running."""
        return self._call("pg_ctl", "status").returncode == 0

    def close(self) -> None:
        """End it and remove its files."""
        self._call("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            log = self.folder / "log"
            last_words = log.read_text(errors="replace")[-2_000:] if log.exists() else ""
            raise RuntimeError(f"{program} {' '.join(arguments)}:\n{done.stdout}{last_words}")

    def _call(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        group = pwd.getpwnam(self.owner).pw_gid if self.owner else None
        # The server keeps inherited files open: a pipe would end only with it, so the output goes to a file.
        with tempfile.TemporaryFile("w+") as words:
            done = subprocess.run(
                [str(self.programs / program), f"--pgdata={self._data}", *arguments],
                cwd="/",  # a folder that every account may enter
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
                text=True,
                user=self.owner,
                group=group,
            )
            words.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, words.read())


def postgres_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's own programs, which Debian keeps off the path; None without."""
    found = [
        folder
        for pattern in POSTGRES_FOLDERS
        for folder in Path("/").glob(pattern.lstrip("/"))
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists()
    ]
    if found:
        return max(found, key=lambda folder: [int(part) for part in re.findall(r"\d+", str(folder))] or [0])
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path and shutil.which("pg_ctl") else None


def _unprivileged() -> str | None:
    """Return the account to run PostgreSQL as; None for our own, which is good enough unless it is root."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def has_own_postgres() -> bool:
    """Tell whether this machine can run a private PostgreSQL."""
    return postgres_programs() is not None and (os.geteuid() != 0 or _unprivileged() is not None)
