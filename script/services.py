"""The servers and the browser that the tests need: found, or installed as root, and started."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from machine import answers, install_packages, may_install_packages, run, say, stop

POSTGRES_PLACES = (
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://muster:muster@127.0.0.1:5432/postgres",
    "postgres://postgres:postgres@127.0.0.1:5432/postgres",
)
REDIS_PLACE = "redis://127.0.0.1:6379/0"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHINESE_FONTS = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto-cjk",
)
REDIS_CLAIM = "script-test:claimed:"  # kept in database 0, because tests empty their own
MISSING = "start them with `docker compose up -d postgres redis`, or set DATABASE_URL and REDIS_URL."


@dataclass(frozen=True)
class Borrowed:
    """A database name and a Redis index that belong to one run of the tests alone."""

    database_url: str
    redis_url: str


def borrow() -> Borrowed:
    """Return servers that answer, installing and starting them where that is possible."""
    install_missing()
    postgres = find_postgres() or start_postgres()
    if not postgres:
        stop(f"no PostgreSQL lets us in on localhost: {MISSING}")
    place = os.environ.get("REDIS_URL") or REDIS_PLACE
    if not redis_answers(place):
        start_redis(place)
    name = f"muster_run_{os.getpid()}_{secrets.token_hex(3)}"
    return Borrowed(with_path(postgres, name), claim_redis(place))


def give_back(borrowed: Borrowed) -> None:
    """Remove the databases and the keys of this run, and nothing else."""
    name = urlsplit(borrowed.database_url).path.removeprefix("/")
    with psycopg.connect(with_path(borrowed.database_url, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"%{name}%"])
        for (database,) in found.fetchall():
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )
    if redis_answers(borrowed.redis_url):
        release_redis(borrowed.redis_url)


# What is missing


def install_missing() -> None:
    """As root on Debian, install the servers that neither answer nor are installed, and the browser."""
    packages = missing_packages()
    if not packages:
        return
    if not may_install_packages():
        servers = [name for name in packages if name in {"postgresql", "redis-server"}]
        if servers:
            stop(f"{' and '.join(servers)} neither answer on localhost nor can be installed here: {MISSING}")
        return
    if not install_packages(packages):
        stop("apt-get could not install them; see the lines above, then run script/test again.")


def missing_packages() -> list[str]:
    """Return the Debian packages that this machine lacks."""
    packages = []
    if not (os.environ.get("DATABASE_URL") or shutil.which("pg_ctlcluster") or find_postgres()):
        packages.append("postgresql")
    place = os.environ.get("REDIS_URL")
    if not (place or shutil.which("redis-server") or redis_answers(REDIS_PLACE)):
        packages.append("redis-server")
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


def find_postgres() -> str | None:
    """Return the URL of the first server that answers and lets us make databases; DATABASE_URL wins."""
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


def start_postgres() -> str | None:
    """As root, start the installed cluster and make the role that compose.yaml makes too."""
    if os.environ.get("DATABASE_URL") or not (os.geteuid() == 0 and shutil.which("pg_lsclusters")):
        return None
    for line in answers(["pg_lsclusters", "--no-header"]).splitlines():
        version, name, _port, state = line.split()[:4]
        if not state.startswith("online"):
            say(f"Starting PostgreSQL {version}")
            run(["pg_ctlcluster", "--skip-systemctl-redirect", version, name, "start"])
    if not find_postgres():
        role = "CREATE ROLE muster LOGIN SUPERUSER PASSWORD 'muster'"
        run(["runuser", "-u", "postgres", "--", "psql", "-q", "-c", role], cwd=Path("/"))
    return find_postgres()


# Redis


def redis_answers(place: str) -> bool:
    """Return whether a Redis answers there."""
    try:
        return bool(redis.Redis.from_url(place, socket_connect_timeout=3).ping())
    except redis.RedisError:
        return False


def start_redis(place: str) -> None:
    """Start the installed server on this machine's own address, without files."""
    if os.environ.get("REDIS_URL") or not shutil.which("redis-server"):
        stop(f"no Redis answers at {urlsplit(place).netloc}: {MISSING}")
    say("Starting Redis")
    options = ["--bind", "127.0.0.1", "--port", "6379", "--save", "", "--appendonly", "no", "--dir", "/tmp"]
    if not (run(["redis-server", "--daemonize", "yes", *options]) and wait_for_redis(place)):
        stop(f"Redis does not start: {MISSING}")


def wait_for_redis(place: str) -> bool:
    """Wait up to five seconds for an answer."""
    connection = redis.Redis.from_url(place, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.1), 50))
    try:
        return bool(connection.ping())
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
    """Empty the database of this run and take its mark away."""
    redis.Redis.from_url(url).flushdb()
    redis.Redis.from_url(with_path(url, "0")).delete(f"{REDIS_CLAIM}{urlsplit(url).path.removeprefix('/')}")


def with_path(url: str, path: str) -> str:
    """Return the URL with another database in its path."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))
