"""Databases that are made once and copied: with the tables alone, or with a small force as well.

The first worker that needs one makes it, and the others wait for it. One on a server is named after the database of
the run, so that it goes with it; one of SQLite is a file in `.cache`. Both are made anew when the product has changed.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from uuid6 import uuid7

from backend.realtime.log import epochs
from simulator.processes import ROOT

SECRET_KEY = "only-for-tests-" + "0" * 40
SQLITE_FOLDER = ROOT / ".cache" / "prepared"
_EPOCH_OF_SERVER = f"""
    INSERT INTO realtime_epoch (id, value, identity, begun_at) VALUES (1, %s, ({epochs._IDENTITY}), %s)
"""
_EPOCH_OF_FILE = "INSERT INTO realtime_epoch (id, value, identity, begun_at) VALUES (1, ?, ?, ?)"


def tables(database_url: str) -> str:
    """Return the name of a database with empty tables, on the server of this URL."""
    name = _name(database_url, "tables")
    with _first(database_url, name) as is_missing:
        if is_missing:
            _make(database_url, name, template="template1")
    return name


def with_force(database_url: str) -> Mapping[str, str]:
    """Copy the tables and the small force into a new database of this URL; returns whom `small_force` made.

    A copy begins an epoch of its own: it is no restored database.
    """
    if database_url.startswith("sqlite"):
        return _copy_of_file(Path(database_url.removeprefix("sqlite:///")))
    given = os.environ.get("DATABASE_URL", "")
    given = given if given.startswith("postgres") else _at(database_url, "muster")
    name = _name(given, "force")
    with _first(given, name) as is_missing:
        if is_missing:
            _make(given, name, template=tables(given), people=True)
    with psycopg.connect(_at(database_url, "postgres"), autocommit=True) as server:
        own = sql.Identifier(urlsplit(database_url).path.lstrip("/"))
        server.execute(sql.SQL("DROP DATABASE {}").format(own))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(own, sql.Identifier(name)))
        people = server.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    with psycopg.connect(database_url) as copy:
        copy.execute(_EPOCH_OF_SERVER, [uuid7().hex, datetime.now(UTC)])
    assert people is not None
    force: dict[str, str] = json.loads(people[0])
    return force


@cache
def _digest() -> str:
    """Return what changes with the product."""
    sources = sorted((ROOT / "backend").rglob("*.py"))
    makers = [ROOT / "tests" / "contract" / "small_force.py", ROOT / "tests" / "builders" / "formation.py"]
    further = [ROOT / "requirements.lock", *makers, Path(__file__)]
    digest = hashlib.sha256()
    for file in (*sources, *further):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _name(database_url: str, of: str) -> str:
    return f"{urlsplit(database_url).path.lstrip('/')}_{of}_{_digest()}"


def _at(database_url: str, name: str) -> str:
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))


@contextmanager
def _first(database_url: str, name: str) -> Iterator[bool]:
    """Wait for those who make this database now; tells whether it is still missing."""
    with psycopg.connect(_at(database_url, "postgres"), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        yield found is None


def _make(database_url: str, name: str, *, template: str, people: bool = False) -> None:
    """Make a database under another name first: one whose making broke off is not taken for a whole one."""
    half, older = f"{name}_half", name.removesuffix(_digest())
    with psycopg.connect(_at(database_url, "postgres"), autocommit=True) as server:
        found = server.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [older]
        ).fetchall()
        for (old,) in found:
            with suppress(psycopg.Error):  # another run may be copying it
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(create.format(sql.Identifier(half), sql.Identifier(template)))
        told = _fill(_at(database_url, half), people=people)
        with psycopg.connect(_at(database_url, half)) as made:
            made.execute("DELETE FROM realtime_epoch")
        if told:
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            server.execute(comment.format(sql.Identifier(half), sql.Literal(told)))
        server.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half), sql.Identifier(name))
        )


def _fill(database_url: str, *, people: bool) -> str:
    """Make the tables unless they are there, and the small force if asked; returns whom it made."""
    environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": "", "SECRET_KEY": SECRET_KEY}
    migrate = [sys.executable, "manage.py", "migrate", "--noinput", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    if not people:
        return ""
    fill = [sys.executable, "-m", "tests.contract.small_force"]
    return subprocess.run(fill, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def _copy_of_file(target: Path) -> Mapping[str, str]:
    SQLITE_FOLDER.mkdir(parents=True, exist_ok=True)
    whole = SQLITE_FOLDER / f"{_digest()}.sqlite3"
    with (SQLITE_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            for old in SQLITE_FOLDER.glob("*.*"):
                old.unlink()
            half = SQLITE_FOLDER / "half.sqlite3"
            whole.with_suffix(".json").write_text(_fill(f"sqlite:///{half}", people=True))
            with closing(sqlite3.connect(half)) as made, made:
                made.execute("DELETE FROM realtime_epoch")
            half.rename(whole)
        shutil.copyfile(whole, target)
        people: dict[str, str] = json.loads(whole.with_suffix(".json").read_text())
    fields = [
        uuid7().hex,
        f"file.{target.stat().st_ino}",
        datetime.now(UTC).replace(tzinfo=None).isoformat(" "),
    ]
    with closing(sqlite3.connect(target)) as copy, copy:
        copy.execute(_EPOCH_OF_FILE, fields)
    return people
