"""The servers and the browser for the tests: started for one run alone where possible, otherwise found."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from machine import ROOT, install_packages, may_install_packages, stop

sys.path.insert(0, str(ROOT))
from simulator.throwaway import (
    PrivatePostgres,
    PrivateRedis,
    has_own_postgres,
    has_redis_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRES_PLACES = (
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://muster:muster@127.0.0.1:5432/postgres",
    "postgres://postgres:postgres@127.0.0.1:5432/postgres",
)
REDIS_PLACES = ("redis://127.0.0.1:6379/0", "redis://:muster@127.0.0.1:6379/0")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHINESE_FONTS = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto-cjk",
)
REDIS_CLAIM = "script-test:claimed:"  # in database 0, because tests empty their own
MISSING = "start them with `docker compose up -d postgres redis`, or set DATABASE_URL and REDIS_URL."


@dataclass(frozen=True)
class Servers:
    """A PostgreSQL database and a Redis index of one run of the tests alone."""

    database_url: str
    redis_url: str


@contextmanager
def servers() -> Iterator[Servers]:
    """Yield servers that answer, and remove all traces of this run afterwards.

    Servers of DATABASE_URL and REDIS_URL come first, then a server of this run's own (which never waits for the disk),
    then a server on localhost.
    """
    install_missing()
    with ExitStack() as stack:
        yield Servers(stack.enter_context(postgres()), stack.enter_context(redis_index()))


# What is missing


def install_missing() -> None:
    """As root on Debian, install the servers that neither answer nor are installed, and the browser."""
    packages = missing_packages()
    if not packages:
        return
    if not may_install_packages():
        needed = [name for name in packages if name in {"postgresql", "redis-server"}]
        if needed:
            stop(f"{' and '.join(needed)} neither answer on localhost nor can be installed here: {MISSING}")
        return
    if not install_packages(packages):
        stop("apt-get could not install them; see the lines above, then run script/test again.")


def missing_packages() -> list[str]:
    """Return the Debian packages that this machine lacks."""
    packages = []
    if not (os.environ.get("DATABASE_URL") or has_own_postgres() or find_postgres()):
        packages.append("postgresql")
    if not (os.environ.get("REDIS_URL") or has_redis_server() or find_redis()):
        packages.append("redis-server")
    if not shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        packages.append("nginx")  # the proxy of docs/operations.md
    if not find_browser():
        packages.append("chromium")
    if not any(Path(folder).is_dir() for folder in CHINESE_FONTS):
        packages.append("fonts-noto-cjk")
    return packages


def find_browser() -> str | None:
    """Return the path of a Chromium, which CHROMIUM may name."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for path in map(shutil.which, BROWSERS) if path), None)


# PostgreSQL


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a database that need not exist yet; remove it, and databases with derived names, at the end."""
    name = f"muster_run_{os.getpid()}_{secrets.token_hex(3)}"
    if not os.environ.get("DATABASE_URL") and has_own_postgres():
        own = PrivatePostgres.make()
        try:
            own.start()
            yield with_path(own.url, name)
        finally:
            own.close()
        return
    place = find_postgres()
    if not place:
        stop(f"no PostgreSQL lets us in on localhost: {MISSING}")
    try:
        yield with_path(place, name)
    finally:
        drop_databases(place, name)


def find_postgres() -> str | None:
    """Return the URL of the first server that answers and allows us to create databases; DATABASE_URL wins."""
    given = os.environ.get("DATABASE_URL")
    if given and not given.startswith(("postgres", "psql", "pgsql")):
        stop("DATABASE_URL names no PostgreSQL: unset it, and the tests use SQLite and PostgreSQL in turn.")
    places = [with_path(given, "postgres")] if given else POSTGRES_PLACES
    return next((place for place in places if may_make_databases(place)), None)


def may_make_databases(place: str) -> bool:
    """Return whether we may sign in there and create a database."""
    question = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    try:
        with psycopg.connect(place, connect_timeout=3) as connection:
            row = connection.execute(question).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def drop_databases(place: str, name: str) -> None:
    """Remove the database of this run, and those that tests named after it."""
    with psycopg.connect(place, autocommit=True) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"%{name}%"])
        for (database,) in found.fetchall():
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )


# Redis


@contextmanager
def redis_index() -> Iterator[str]:
    """Yield the URL of an empty Redis database; empty it again at the end."""
    if not os.environ.get("REDIS_URL") and has_redis_server():
        own = PrivateRedis.make()
        try:
            own.start()
            yield own.url
        finally:
            own.close()
        return
    place = find_redis()
    if not place:
        stop(f"no Redis answers on localhost: {MISSING}")
    url = claim_redis(place)
    try:
        yield url
    finally:
        release_redis(url)


def find_redis() -> str | None:
    """Return the URL of the first Redis that answers; REDIS_URL wins."""
    given = os.environ.get("REDIS_URL")
    return next(filter(redis_answers, [given] if given else REDIS_PLACES), None)


def redis_answers(place: str) -> bool:
    """Return whether a Redis answers there."""
    try:
        return bool(redis.Redis.from_url(place, socket_connect_timeout=3).ping())
    except redis.RedisError:
        return False


def claim_redis(place: str) -> str:
    """Return the URL of an empty database of that server, marked as taken until this run gives it back."""
    claims = redis.Redis.from_url(with_path(place, "0"))
    for index in range(15, 0, -1):
        url = with_path(place, str(index))
        empty = redis.Redis.from_url(url).dbsize() == 0
        if empty and claims.set(f"{REDIS_CLAIM}{index}", os.getpid(), nx=True, ex=3600):
            break
    else:
        stop("every database of that Redis holds keys: empty one of 1 to 15 or start another Redis.")
    return url


def release_redis(url: str) -> None:
    """Empty the database of this run and remove its mark, if the server still answers."""
    if redis_answers(url):
        redis.Redis.from_url(url).flushdb()
        redis.Redis.from_url(with_path(url, "0")).delete(
            f"{REDIS_CLAIM}{urlsplit(url).path.removeprefix('/')}"
        )


def with_path(url: str, path: str) -> str:
    """Return the URL with another database in its path."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))
