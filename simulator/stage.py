"""The environment of a simulation: a filled database, and the processes of a server."""

import io
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.lib.clock import machine_now
from simulator.processes import ROOT, Server, free_port, read_procfile
from simulator.rest import Rest
from simulator.throwaway import PrivateRedis, has_redis_server, postgres_database

SQUADRONS = 25_547
SOCKETS = 2


@dataclass
class Stage:
    """A server: the addresses of its REST API and its sockets, and its processes."""

    environment: dict[str, str]
    servers: list[Server] = field(default_factory=list)
    log: Path | None = None

    @property
    def web(self) -> Server:
        """The process that serves REST."""
        return next(server for server in self.servers if server.name == "web")

    @property
    def rest(self) -> Rest:
        """Its REST API."""
        return Rest(self.web.http)

    @property
    def urls(self) -> list[str]:
        """The addresses for phones: the `sockets` processes, or `web` without any."""
        return [s.ws for s in self.servers if s.name.startswith("sockets")] or [self.web.ws]

    def add(self, name: str, port: int, **environment: str) -> Server:
        """Add a process of the Procfile; `sockets-2` is started by the line of `sockets`."""
        command = read_procfile()[name.partition("-")[0]]
        server = Server(name, command, port, {**self.environment, **environment}, self.log)
        self.servers.append(server)
        return server

    def start(self) -> None:
        """Start every process."""
        for server in self.servers:
            server.start()

    def wait(self) -> None:
        """Wait until every process that listens answers."""
        for server in self.servers:
            if server.port:
                server.wait_until_healthy()

    def stop(self) -> None:
        """End every process, those that take requests first."""
        for server in self.servers:
            if server.process is not None and server.is_running():
                server.process.terminate()
        for server in self.servers:
            server.stop()


def one_process(environment: dict[str, str], port: int, log: Path | None) -> Stage:
    """Return the embedded default: `web` with the clock inside, no bus."""
    stage = Stage({**environment, "REDIS_URL": "", "CLOCK_INSIDE": "1"}, log=log)
    stage.add("web", port)
    return stage


def procfile_processes(environment: dict[str, str], log: Path | None) -> Stage:
    """Return a large installation: `web`, `sockets` twice and `clock`, as the Procfile starts them."""
    stage = Stage({**environment, "CLOCK_INSIDE": "0"}, log=log)
    stage.add("web", free_port())
    for number in range(1, SOCKETS + 1):
        stage.add(f"sockets-{number}", free_port())
    stage.add("clock", 0)
    return stage


def fast_motion(rate: float) -> dict[str, str]:
    """Return the variables that make time run `rate` times as fast from now on; none for 1."""
    if rate == 1.0:
        return {}
    return {"REHEARSAL": "true", "CLOCK_SINCE": machine_now().isoformat(), "CLOCK_RATE": str(rate)}


@contextmanager
def temporary_sqlite() -> Iterator[str]:
    """Yield the URL of an SQLite database that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="muster-") as folder:
        yield f"sqlite:///{folder}/once.sqlite3"


@contextmanager
def temporary_servers() -> Iterator[dict[str, str]]:
    """Yield DATABASE_URL and REDIS_URL: a new PostgreSQL database, and the Redis given or one of our own."""
    with postgres_database("once") as database:
        given = os.environ.get("REDIS_URL", "")
        if given or not has_redis_server():
            yield {"DATABASE_URL": database, "REDIS_URL": given or "redis://127.0.0.1:6379/0"}
            return
        bus = PrivateRedis.make()
        bus.start()
        try:
            yield {"DATABASE_URL": database, "REDIS_URL": bus.url}
        finally:
            bus.close()


def set_up_django(environment: dict[str, str]) -> None:
    """Let this process read the database that the server will use."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="backend.config.settings")
    import django

    django.setup()


def migrate() -> None:
    """Migrate the database; if its tables are current, a check finds that out in a tenth of the time.

    Ends the program with instructions when another version made the database.
    """
    from django.core.management import CommandError, call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except CommandError as error:
            raise SystemExit(str(error)) from error


def load_formation() -> bool:
    """Load the province unless it exists; tell whether it was loaded now."""
    from django.core.management import call_command

    from backend.volunteers.models import Unit, UnitKind

    if Unit.objects.filter(kind=UnitKind.SQUADRON).count() >= SQUADRONS:
        return False
    call_command("load_formation", stdout=io.StringIO())
    return True


def load_people(password: str, *, people: int = 2_000) -> dict[str, Any]:
    """Load the demo people, or put them on duty again; return the sign-ins of three of them."""
    from simulator.demo_people import load_demo_people

    return load_demo_people(password=password, people=people)


class Kept:
    """The state that a demo stores beside its database for the next start, in a file for its owner alone.

    It holds the sign-ins, and the names of the migrations: if these are unchanged, the server can start at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Any] = {}
        if path.exists():
            with suppress(ValueError):
                self._kept = json.loads(path.read_text())

    def is_current(self) -> bool:
        """Tell whether the tables are those of the last run."""
        return self._kept.get("migrations") == migration_names()

    def signs_in(self) -> dict[str, Any] | None:
        """Return the sign-ins of the last run, None if the database no longer has these people."""
        from backend.volunteers.models import Volunteer

        signs_in: dict[str, Any] | None = self._kept.get("signs_in")
        if signs_in is None:
            return None
        number = int(signs_in["commander"]["number"])
        return signs_in if Volunteer.objects.filter(number=number).exists() else None

    def keep(self, signs_in: dict[str, Any]) -> None:
        """Store sign-ins for the next start."""
        self._path.touch(mode=0o600)
        kept = {"signs_in": signs_in, "migrations": migration_names()}
        self._path.write_text(json.dumps(kept, ensure_ascii=False))

    @staticmethod
    def new_password() -> str:
        """Return a password for all demo people."""
        return secrets.token_urlsafe(9)


def migration_names() -> list[str]:
    """Return the names of all migrations of the product."""
    found = (ROOT / "backend").glob("*/migrations/0*.py")
    return sorted(str(path.relative_to(ROOT)) for path in found)


def close_connections() -> None:
    """Close the connections to the database, so that it can be dropped."""
    if "django" not in sys.modules:
        return
    from django.db import connections

    connections.close_all()
    for connection in connections.all():
        if hasattr(connection, "close_pool"):
            connection.close_pool()
