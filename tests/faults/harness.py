"""Real processes on a PostgreSQL database and a Redis of their own, phones on both sockets processes, and faults."""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from uuid6 import uuid7

from backend.realtime.frames import Audience
from simulator.account import Account
from simulator.checker import LogRow, journal_faults
from simulator.fleet import Fleet
from simulator.habits import Habits
from simulator.phone import Phone
from simulator.processes import ROOT, Server
from simulator.rest import Refused, Unreachable
from simulator.stage import Stage, procfile_processes
from simulator.throwaway import PrivateRedis
from tests import builders

UNIT = "0726000000"
PHONES = 100
HABITS = Habits(accept=0.1, decline=0.1, think_s=(0.2, 1.5), positions=False)


@dataclass
class Installation:
    """`web`, two `sockets`, `clock`, and phones that stay connected from test to test."""

    database: str
    redis: PrivateRedis
    stage: Stage
    fleet: Fleet = field(default_factory=lambda: Fleet([]))
    commander: Account | None = None
    rogue: Account | None = None

    @classmethod
    def start(cls, database: str, redis: PrivateRedis, log: Path) -> "Installation":
        """Migrate, make people, start the processes."""
        stage, people = start_processes(database, redis, log, people=PHONES + 2)
        installation = cls(database, redis, stage)
        installation.enlist(people)
        return installation

    def enlist(self, people: list[dict[str, Any]]) -> None:
        """Give the first of the people the command, the last no phone, and the others one each."""
        accounts = [account_of(self.stage, person) for person in people]
        self.commander = accounts[0]
        self.rogue = accounts[-1]
        phones = [Phone(a, self.stage.urls, HABITS, random.Random(a.identifier)) for a in accounts[1:-1]]
        self.fleet = Fleet(phones)

    def server(self, name: str) -> Server:
        """Return a process by its name."""
        return next(server for server in self.stage.servers if server.name == name)

    async def connect(self) -> None:
        """Wait until every phone is connected."""
        if not self.fleet.tasks:
            self.fleet.start()
        missing = await self.fleet.wait_until_connected(60)
        assert not missing, [(phone.stopped, phone.closed_with) for phone in missing[:3]]

    async def restart(self, name: str) -> None:
        """Start a process again on its port and wait until it answers."""
        server = self.server(name).start()
        await asyncio.to_thread(server.wait_until_healthy)

    async def call_out(self) -> str:
        """Call everyone out for a new task, trying again with the same ids as an app would; returns the task."""
        at = datetime.now(UTC)
        task, sent = str(uuid7()), str(uuid7())
        await self._insist("/api/v1/tasks", task_body(task, at))
        await self._insist(f"/api/v1/tasks/{task}/call-outs", {"id": sent, "units": [UNIT]})
        return task

    async def _insist(self, path: str, body: dict[str, Any]) -> None:
        assert self.commander is not None
        until = time.monotonic() + 40
        while True:
            try:
                await self.commander.call("POST", path, body)
            except (Unreachable, Refused) as failure:
                if (isinstance(failure, Refused) and failure.status < 500) or time.monotonic() > until:
                    raise
                await asyncio.sleep(0.3)
            else:
                return

    async def seconds_to_reach_all(self, limit_s: float = 15.0) -> float:
        """Call everyone out; return how long after the answer to that the last phone had it."""
        began = time.monotonic()
        task = await self.call_out()
        committed = time.monotonic()
        while len(self.delays(task)) < len(self.fleet.phones) and time.monotonic() < began + limit_s:
            await asyncio.sleep(0.05)
        delays = self.delays(task)
        assert len(delays) == len(self.fleet.phones), f"{len(delays)} phones reached within {limit_s:.0f} s"
        return max(delays) - committed

    async def settle(self, deadline_s: float = 20.0) -> list[str]:
        """Wait until every phone has what the log holds for it; return what is still wrong at the deadline."""
        until = time.monotonic() + deadline_s
        while not all(phone.is_idle for phone in self.fleet.phones) and time.monotonic() < until:
            await asyncio.sleep(0.2)
        while await asyncio.to_thread(self.faults) and time.monotonic() < until:
            await asyncio.sleep(0.5)
        before = await asyncio.to_thread(self.faults)
        await asyncio.sleep(2)  # what comes too often would come now; what is only on its way arrives
        after = await asyncio.to_thread(self.faults)
        return [fault for fault in after if fault in before or "lost" not in fault]

    def faults(self) -> list[str]:
        """Compare every journal with the event table."""
        log = read_log(self.database)
        found = [f"{phone.number}: {phone.stopped}" for phone in self.fleet.phones if phone.stopped]
        for phone in self.fleet.phones:
            own = {f"person.{phone.account.identifier}", f"unit.{UNIT}"}
            found += journal_faults(phone.journal, log, number=int(phone.account.identifier), own=own)
        return found

    def delays(self, task: str) -> list[float]:
        """Return when each phone was shown a task, on the monotonic clock."""
        return [
            shown.at
            for phone in self.fleet.phones
            for shown in phone.journal.of_type("task.called")
            if shown.data["task"]["id"] == task
        ]

    async def close(self) -> None:
        """End everything."""
        await self.fleet.stop()
        self.stage.stop()


def start_processes(
    database: str, redis: PrivateRedis, log: Path, *, people: int, others: int = 0
) -> tuple[Stage, list[dict[str, Any]]]:
    """Migrate, make people and `others` in a second unit, start the processes; returns them and the people."""
    environment = {
        "DATABASE_URL": database,
        "REDIS_URL": redis.url,
        "SECRET_KEY": "faults-" + "k" * 40,
        "DJANGO_SETTINGS_MODULE": "backend.config.settings",
        "HEARTBEAT_S": "5",
    }
    made = run_python(
        "from django.core.management import call_command; call_command('migrate', verbosity=0); "
        f"from simulator.people import print_people; print_people({people}, others={others})",
        environment,
    )
    stage = procfile_processes(environment, log)
    stage.start()
    stage.wait()
    return stage, json.loads(made)


def account_of(stage: Stage, person: dict[str, Any]) -> Account:
    """Return the signed-in account of somebody who was made in bulk."""
    return Account(
        stage.rest,
        f"{person['number']:08d}",
        password="",
        access=person["access"],
        refresh=person["refresh"],
        fresh_until=time.monotonic() + 600,
    )


def task_body(task: str, at: datetime, **otherwise: Any) -> dict[str, Any]:
    """Return a task that everyone suits."""
    suits = {"category": "community", "title": "Look for a missing person", "headcount": 4}
    return builders.task_body(UNIT, at, id=task, **suits | otherwise)


def read_log(database: str) -> dict[str, list[LogRow]]:
    """Return everything in the event table, in order."""
    log: dict[str, list[LogRow]] = defaultdict(list)
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT topic_id, seq, type, audience FROM realtime_event ORDER BY topic_id, seq"
        )
        for topic, seq, type, audience in rows:
            numbers = Audience.of_stored(audience or {}).numbers
            log[topic].append(LogRow(seq, type, None if numbers is None else frozenset(numbers)))
    return log


def called_times(database: str, task: str) -> int:
    """Return how many events call people out for a task."""
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT count(*) FROM realtime_event WHERE type = 'task.called' AND data -> 'task' ->> 'id' = %s",
            [task],
        ).fetchone()
    return int(row[0]) if row else 0


class CommitWatch:
    """Looks into the database as fast as it can and acts the moment a new call-out is committed."""

    def __init__(self, database: str, act: Callable[[], None]) -> None:
        self._database = database
        self._act = act
        self._ready = threading.Event()
        self.fired = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "CommitWatch":
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(40)

    def _watch(self) -> None:
        count = "SELECT count(*) FROM dispatch_callout"
        with psycopg.connect(self._database, autocommit=True) as connection:
            before = connection.execute(count).fetchone()
            self._ready.set()
            until = time.monotonic() + 30
            while time.monotonic() < until:
                if connection.execute(count).fetchone() != before:
                    self._act()
                    self.fired.set()
                    return


def run_python(code: str, environment: dict[str, str]) -> str:
    """Run a few lines in a process of their own with Django set up; pytest's Django has another database."""
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
