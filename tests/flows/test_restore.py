"""The database is put back to an earlier moment, as its operator would: nothing counts as told that was not."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from uuid6 import uuid7

from simulator.processes import ROOT
from simulator.throwaway import postgres_database
from tests.builders import task_body
from tests.flows.installation import Installation, Phone, Reached

pytestmark = [pytest.mark.waits, pytest.mark.timeout(240)]

Json = dict[str, Any]
EVENTS_AFTER_THE_BACKUP = 50
EVENTS_AFTER_THE_RESTORE = 80
SOON_S = 40.0


# --- ways back ----------------------------------------------------------------------------------------------------


@dataclass
class Way:
    """How an operator saves a database and puts it back, and what they say afterwards."""

    name: str
    url: str
    save: Callable[[], None]
    put_back: Callable[[], None]
    stops_first: bool
    says_so: bool


def _postgres(url: str, folder: Path, *, stops_first: bool) -> Way:
    """pg_dump, and pg_restore into a database made anew under the same name. Nobody says that it was done."""
    dump = folder / "muster.dump"
    name = urlsplit(url).path.lstrip("/")
    server = urlunsplit(urlsplit(url)._replace(path="/postgres"))

    def put_back() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            database = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        command = ["pg_restore", "--single-transaction", "--no-owner", f"--dbname={url}", str(dump)]
        subprocess.run(command, check=True)

    def save() -> None:
        subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", url], check=True)

    return Way("postgres", url, save, put_back, stops_first, says_so=False)


def _sqlite(folder: Path) -> Way:
    """Copy the file over while nothing runs, which leaves no trace: the operator says that it was done."""
    file, copy = folder / "muster.sqlite3", folder / "copy.sqlite3"

    def save() -> None:
        subprocess.run(
            [sys.executable, "-c", _BACKUP, str(file), str(copy)], check=True
        )  # while it runs, as `sqlite3 … ".backup …"` does

    def put_back() -> None:
        for part in ("-wal", "-shm"):
            (folder / f"muster.sqlite3{part}").unlink(missing_ok=True)
        shutil.copyfile(copy, file)

    return Way("sqlite", f"sqlite:///{file}", save, put_back, stops_first=True, says_so=True)


_BACKUP = "import sqlite3, sys; a, b = map(sqlite3.connect, sys.argv[1:]); a.backup(b); b.close(); a.close()"


@contextmanager
def _way(name: str, folder: Path) -> Iterator[Way]:
    if name == "sqlite":
        yield _sqlite(folder)
        return
    if not shutil.which("pg_dump"):
        pytest.skip("needs pg_dump")
    with postgres_database("restore") as url:
        yield _postgres(url, folder, stops_first=name == "postgres, stopped")


# --- phones -------------------------------------------------------------------------------------------------------


@dataclass
class Story:
    """One installation, whose leader acts over REST."""

    installation: Installation

    @property
    def unit(self) -> str:
        return self.installation.force["UNIT"]

    @property
    def topic(self) -> str:
        return f"unit.{self.unit}"

    def leader(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self.installation.request(method, f"/api/v1/{path}", body or b"", by="LEADER")
        assert answer.status < 300, answer
        found: Json = json.loads(answer.text) if answer.text else {}
        return found

    def rename(self, times: int) -> None:
        """Make so many events in the unit's topic."""
        for n in range(times):
            self.leader("PATCH", f"units/{self.unit}", {"name": f"Squadron {n} {uuid7().hex[-6:]}"})

    def call_out(self) -> str:
        task = str(uuid7())
        noon = (datetime.now(UTC) + timedelta(days=2)).replace(hour=4, minute=0)
        self.leader("POST", "tasks", task_body(self.unit, noon - timedelta(hours=2), id=task))
        self.leader("POST", f"tasks/{task}/call-outs", {"id": str(uuid7()), "units": [self.unit]})
        return task

    def told(self, task: str, who: str) -> tuple[bool, bool]:
        """Return whether somebody counts as having got the task, and seen it."""
        number = self.installation.force[who]
        lines = self.leader("GET", f"tasks/{task}/recipients")["items"]
        (line,) = [line for line in lines if line["volunteer"] == number]
        return line["delivered"], line["seen"]

    def go_on_duty(self, *people: str) -> None:
        for who in people:
            body = {"on": True}
            assert self.installation.request("PUT", "/api/v1/me/duty", body, by=who).status == 200

    def connect(self, who: str, reached: Reached | None = None) -> tuple[Phone, Json]:
        phone = self.installation.phone(who, hello=False)
        answer = phone.ask(reached.hello() if reached else {"type": "hello", "id": 1})
        welcome: Json = answer["result"]
        return phone, welcome


def answer_of(task: str, key: str) -> Json:
    body = {"task": task, "answer": "accept"}
    return {"id": 7, "type": "assignment.answer", "key": key, "body": body}


@dataclass
class Before:
    """What two phones hold when the database is put back: one has seen all events since the backup, one was away."""

    phone: Phone
    ahead: Reached
    behind: Reached
    at_backup: int
    asked: str
    gone: str
    done: str = field(default_factory=lambda: str(uuid7()))
    """The key of an answer to `asked` from before the backup, whose reply was lost."""
    lost: str = field(default_factory=lambda: str(uuid7()))
    """The key of one from after it, whose reply was lost too."""
    queued: str = field(default_factory=lambda: str(uuid7()))
    """The key of one to `gone`, which was called out after the backup; it was never sent."""


@dataclass
class After:
    """The same two phones afterwards, and an order that has a number which one of them has seen used otherwise."""

    phone: Phone
    other: Phone
    welcome: Json
    again: str


def _live_until_the_restore(story: Story, save: Callable[[], None]) -> Before:
    """Ask both before the backup, and let fifty events come after it, the first of them an order."""
    story.go_on_duty("NUMBER", "OTHER_NUMBER")
    asked = story.call_out()
    phone, welcome = story.connect("NUMBER")
    other, other_welcome = story.connect("OTHER_NUMBER")
    ahead, behind = Reached.by(welcome), Reached.by(other_welcome)
    before = Before(phone, ahead, behind, ahead.cursors[story.topic], asked, gone="")
    assert other.ask(answer_of(asked, before.done))["result"]["status"] == "accepted"
    other.close()
    save()

    before.gone = story.call_out()
    story.rename(EVENTS_AFTER_THE_BACKUP - 1)
    ahead.follow(phone, story.topic, before.at_backup + EVENTS_AFTER_THE_BACKUP)
    assert phone.ask(answer_of(asked, before.lost))["result"]["status"] == "accepted"
    phone.send(ahead.receipt())
    _wait_for(lambda: story.told(before.gone, "NUMBER") == (True, True))
    return before


def _come_back(story: Story, before: Before) -> After:
    """Let eighty others come, an order first, and both phones with the cursors of before: they begin afresh."""
    again = story.call_out()
    story.rename(EVENTS_AFTER_THE_RESTORE - 1)
    phone, welcome = story.connect("NUMBER", before.ahead)
    other, other_welcome = story.connect("OTHER_NUMBER", before.behind)

    assert welcome["epoch"] == other_welcome["epoch"] != before.ahead.epoch
    for one in (welcome, other_welcome):
        assert [topic["recovered"] for topic in one["topics"].values()] == [False] * len(one["topics"])
        assert one["topics"][story.topic]["head"] == before.at_backup + EVENTS_AFTER_THE_RESTORE
        offers = one["topics"][f"person.{one['volunteer']}"]["snapshot"]["offers"]["items"]
        assert {offer["task"]["id"] for offer in offers} == {before.asked, again}
    return After(phone, other, welcome, again)


def _nobody_counts_as_told(story: Story, before: Before, after: After) -> None:
    """Try the cursors of hello, and receipts of then over both doors; those of now count."""
    receipt = before.ahead.receipt()
    after.phone.send(receipt)
    body = {name: value for name, value in receipt.items() if name != "type"}
    void = story.installation.request("POST", "/api/v1/receipts", body, by="NUMBER")
    after.phone.ask({"type": "ping"})

    assert json.loads(void.text)["epoch"] == after.welcome["epoch"]
    people = ("NUMBER", "OTHER_NUMBER")
    _stays(lambda: [story.told(after.again, who) for who in people] == [(False, False)] * 2)
    after.phone.send(Reached.by(after.welcome).receipt())
    _wait_for(lambda: story.told(after.again, "NUMBER") == (True, True))


def _answers_are_taken_once(before: Before, after: After) -> None:
    """Send again what was done before the backup, what was lost with it, and what no longer exists."""
    known = after.other.ask(answer_of(before.asked, before.done))
    taken, repeated = (after.phone.ask(answer_of(before.asked, before.lost)) for _ in range(2))
    refused = after.phone.ask(answer_of(before.gone, before.queued))

    statuses = [(one["result"]["status"], one.get("replayed", False)) for one in (known, taken, repeated)]
    assert statuses == [("accepted", True), ("accepted", False), ("accepted", True)]
    assert refused["problem"]["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("postgres, running", marks=pytest.mark.postgres),
        pytest.param("postgres, stopped", marks=pytest.mark.postgres),
        pytest.param("sqlite", marks=pytest.mark.embedded),
    ],
)
def test_nothing_counts_as_told_that_was_not(name: str, tmp_path: Path) -> None:
    with (
        _way(name, tmp_path) as way,
        Installation.run("sockets", way.url, tmp_path) as installation,
    ):
        story = Story(installation)
        before = _live_until_the_restore(story, way.save)

        _restore(way, installation, before.phone)

        after = _come_back(story, before)
        _nobody_counts_as_told(story, before, after)
        _answers_are_taken_once(before, after)
        fresh = Reached.by(after.welcome)
        story.rename(1)
        fresh.follow(after.phone, story.topic, before.at_backup + EVENTS_AFTER_THE_RESTORE + 1)
        assert [e["type"] for e in fresh.events if e["topic"] == story.topic] == ["unit.changed"]
        assert installation.complaints() == []


def _restore(way: Way, installation: Installation, phone: Phone) -> None:
    """Put the database back; a process that ran meanwhile sends its phones away."""
    if way.stops_first:
        installation.server.stop()
    way.put_back()
    if way.says_so:
        _manage(way.url, "new_epoch")
    if way.stops_first:
        installation.server.start()
        installation.server.wait_until_healthy(60)
        return
    while "close" not in (frame := phone.next(SOON_S)):
        pass
    assert frame == {"close": 1012}


def _manage(url: str, *arguments: str) -> None:
    environment = {"DATABASE_URL": url, "REDIS_URL": "", "SECRET_KEY": "only-for-tests-" + "0" * 40}
    subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**os.environ, **environment}, check=True
    )


def _wait_for(holds: Callable[[], bool], seconds: float = 6.0) -> None:
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    while not holds():
        assert datetime.now(UTC) < until


def _stays(holds: Callable[[], bool], seconds: float = 1.5) -> None:
    """Check it again and again for a while: receipts are stored half a second later."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    while datetime.now(UTC) < until:
        assert holds()
