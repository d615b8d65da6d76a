"""The environment of a benchmark: two cores, its own database and Redis, our server, and people with tokens."""

import json
import os
import resource
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg

from benchmarks.crowd import Opening
from simulator.processes import Server, free_port, read_procfile
from simulator.throwaway import PrivateRedis, postgres_database

SERVER_CORE, CLIENT_CORE = 0, 1
WELCOME = b'{"reply":1,"result"'


@dataclass(frozen=True, slots=True)
class Stage:
    """The needs of one run's servers: their environment, and a folder for their output."""

    environment: dict[str, str]
    folder: Path


@contextmanager
def stage() -> Iterator[Stage]:
    """Pin ourselves to the clients' core and make the environment of a run; all of it is removed afterwards."""
    raise_open_files()
    os.sched_setaffinity(0, {CLIENT_CORE})
    bus = PrivateRedis.make(prefix=pinned(CLIENT_CORE))
    with postgres_database("bench") as database, tempfile.TemporaryDirectory() as folder:
        bus.start()
        try:
            environment = {"DATABASE_URL": database, "REDIS_URL": bus.url, "SECRET_KEY": "bench-" + "k" * 40}
            yield Stage(environment, Path(folder))
        finally:
            bus.close()


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Start servers, wait until each accepts connections, and kill them afterwards; none has data to save."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            wait_for_port(server)
        yield
    finally:
        for server in servers:
            server.kill()


def pinned(core: int) -> tuple[str, ...]:
    """Return the prefix of a command that pins it to one core."""
    return ("taskset", "-c", str(core))


def pin_database(url: str) -> bool:
    """Pin the sessions of the run's own database to the clients' core; False without the permission.

    PostgreSQL is a service of the machine: its sessions would otherwise migrate to the server's core.
    """
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        try:
            for (pid,) in found.fetchall():
                os.sched_setaffinity(pid, {CLIENT_CORE})
        except OSError:
            return False
    return True


def raise_open_files(wanted: int = 65_536) -> None:
    """Raise the limit of open sockets for this process and its children, as far as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except ValueError:  # only root may exceed the hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wait_for_port(server: Server, timeout_s: float = 30.0) -> None:
    """Return once a server accepts connections."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        server.expect_running()
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{server.name} does not accept connections")


def our_server(environment: dict[str, str], logs: Path, name: str = "sockets") -> Server:
    """Return a process as the Procfile starts it (`sockets` or `web`), on the server's core."""
    command = f"{' '.join(pinned(SERVER_CORE))} {read_procfile()[name]}"
    return Server(name, command, free_port(), environment, logs / f"{name}.log")


def prepare(environment: dict[str, str], phones: int, line: Sequence[str] | None = None) -> list[str]:
    """Migrate the temporary database, fill it, and return the tokens; Django is set up for publishing.

    `line` is the numbers of the units from the root down to the people's own; one unit when it is None.
    """
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="backend.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from simulator.people import UNIT, make_people, numbers_of

    call_command("migrate", verbosity=0)
    tokens = [person.access for person in make_people(numbers_of(phones), line=line or [UNIT])]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return tokens


def bearer(token: str) -> dict[str, str]:
    """Return the headers with which a phone opens its socket."""
    return {"Authorization": f"Bearer {token}", "Sec-WebSocket-Protocol": "muster.v1"}


def hello(number: int, units: dict[str, int] | None = None, *, person: int = 0) -> bytes:
    """Return the first frame of a returning phone: it has cursors and needs no snapshot.

    `units` is the cursor of each unit by its number, `person` that of the person's own topic.
    """
    from simulator.people import UNIT

    epoch = _epoch()
    known = {UNIT: 0} if units is None else units
    cursors = {f"person.{number:08d}": person, **{f"unit.{unit}": seq for unit, seq in known.items()}}
    client = {"app": "bench", "version": "1"}
    frame = {"type": "hello", "id": 1, "epoch": epoch, "cursors": cursors, "client": client}
    return json.dumps(frame).encode()


@cache
def _epoch() -> str:
    """Return the epoch of the run's database."""
    from backend.realtime.log import epochs

    with ThreadPoolExecutor(1) as threads:  # the caller may be in an event loop, where Django allows no query
        return threads.submit(epochs.current).result()


def phones_of(
    tokens: Sequence[str], units: dict[str, int] | None = None, *, person: int = 0
) -> list[Opening]:
    """Return the openings of the people with these tokens, all with the same cursors."""
    from simulator.people import numbers_of

    return [
        Opening(bearer(token), hello(number, units, person=person), WELCOME)
        for number, token in zip(numbers_of(len(tokens)), tokens, strict=True)
    ]
