"""An installation of the release becomes one of this commit while people go on working: nothing is lost."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser
from psycopg import sql
from uuid6 import uuid7

from simulator.processes import ROOT, Server
from tests.flows.installation import Installation
from tests.upgrade.conftest import Filled
from tests.upgrade.force import PLACES, Force, lost
from tests.upgrade.front import Front
from tests.upgrade.old_page import OldPage
from tests.upgrade.phone import Pocket, Traffic
from tests.upgrade.version import Version

pytestmark = [pytest.mark.postgres, pytest.mark.browser, pytest.mark.timeout(900)]

Json = dict[str, Any]
RECEIPTS_S = 0.8
PROCESSES = ("web", "sockets", "clock")


@dataclass
class Story:
    """An installation in which the release runs, and the version that is to take its place."""

    old: Version
    new: Version
    web: Front
    sockets: Front
    force: Force
    tasks: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)

    def behind(self, version: Version, process: str = "sockets") -> Installation:
        """Return one version's own process, past the proxy."""
        return replace(self.force.at, server=version.running[process])

    @property
    def in_front(self) -> Installation:
        """Where phones find their socket."""
        return replace(self.force.at, server=Server("front", "", self.sockets.port))

    def order(self, title: str) -> str:
        """Send an order through whichever version is behind the proxy."""
        self.tasks.append(self.force.order(title))
        return self.tasks[-1]

    def seen(self, version: Version | None = None) -> Json:
        """Return what people see through a version; without one through the proxy."""
        force = replace(self.force, at=self.behind(version, "web")) if version else self.force
        return force.sees(self.tasks, self.imports)

    def settled(self) -> Json:
        """Return what people see once the receipts of their phones are in, which are stored half a second later."""
        found = self.seen()
        while True:
            time.sleep(RECEIPTS_S)
            if (later := self.seen()) == found:
                return found
            found = later

    def rows(self) -> dict[str, int]:
        """Return how many rows each table of the product has."""
        with psycopg.connect(self.old.environment["DATABASE_URL"]) as connection:
            named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            tables = [name for (name,) in connection.execute(named)]
            counts = {}
            for name in tables:
                counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name)))
                counts[name] = int((counted.fetchone() or (0,))[0])
        return counts


@pytest.fixture
def story(old: Version, filled: Filled, tmp_path: Path) -> Iterator[Story]:
    """Start the release; besides what it is filled with there are an import, a tracker and duty that was changed."""
    new = Version(ROOT, old.environment, tmp_path / "new")
    with ExitStack() as stack:
        stack.callback(new.kill)
        old.start(*PROCESSES)
        web, sockets = (stack.enter_context(Front(old.port(name))) for name in ("web", "sockets"))
        made = Story(old, new, web, sockets, Force.sign_all_in(filled.signs_in, web.port))
        made.force.set_duty("third", on=False)
        made.force.set_duty("third", on=True)
        made.imports.append(made.force.import_people(5))
        yield made


def test_nothing_is_lost_between_the_release_and_this_commit(story: Story, browser: Browser) -> None:
    old, new, force = story.old, story.new, story.force
    tracker = force.make_tracker("first")
    phone = Pocket.of("first", story.in_front)
    page = OldPage(browser, old, force)
    before = order_answered_before(story, phone)

    migrate_while_the_release_serves(story)
    order_of_the_release_after_the_migration(story, phone)

    new.start(*PROCESSES)
    other = Pocket.of("second", story.behind(new))
    places_are_counted_once_by_both(story, phone, other)
    waits = story.order("Answered in a tunnel")
    page.answer_without_a_network("Answered in a tunnel")
    assert lost(story.settled(), story.seen(new)) == []

    missed = switch(story, phone)
    page.open_from_its_worker()
    page.find_the_network()
    assert force.progress(waits)["accepted"] == 1
    phone.come_back(story.in_front)
    for pocket in (phone, other):
        pocket.await_order(missed)
        assert set(pocket.shown.values()) == {1}
    assert set(story.tasks) - set(phone.shown) == set()

    acts_of_before_are_known(story, phone, before)
    force.report_by_tracker(tracker)
    page.become(new)
    release_can_come_back(story)
    for pocket in (phone, other):
        pocket.socket.close()
    assert "Proven" in new.python("manage.py", "verify_audit")
    assert old.complaints() == new.complaints() == []


@dataclass
class Before:
    """What was done over the release, and is done once more later: replies get lost."""

    task: str
    title: str
    key_of_socket: str
    key_of_rest: str


def order_answered_before(story: Story, phone: Pocket) -> Before:
    """Send an order through the release, which one phone accepts over its socket and one over REST."""
    title = "Before the upgrade"
    before = Before(story.order(title), title, str(uuid7()), str(uuid7()))
    phone.await_order(before.task)
    assert phone.accept(before.task, before.key_of_socket)["result"]["status"] == "accepted"
    assert story.force.answer("second", before.task, key=before.key_of_rest) == "accepted"
    return before


def migrate_while_the_release_serves(story: Story) -> None:
    """Migrate under people who act all the time; all of them see afterwards what they saw before."""
    seen, rows = story.settled(), story.rows()
    with Traffic(story.force) as traffic:
        story.new.migrate()
    assert traffic.rounds
    assert traffic.faults == []
    assert lost(seen, story.seen()) == []
    now = story.rows()
    assert {name: (count, now.get(name)) for name, count in rows.items() if now.get(name, 0) < count} == {}


def order_of_the_release_after_the_migration(story: Story, phone: Pocket) -> None:
    """Send an order with the release on the tables of the new version; it is answered there too."""
    task = story.order("After the migration")
    phone.await_order(task)
    assert phone.accept(task, str(uuid7()))["result"]["status"] == "accepted"
    assert story.force.progress(task)["accepted"] == 1
    assert story.force.faults() == []


def places_are_counted_once_by_both(story: Story, phone: Pocket, other: Pocket) -> None:
    """Send an order through each version to a phone on each; the last of three who accept is in reserve."""
    for sends in (story.old, story.new):
        story.web.target = sends.port("web")
        task = story.order("With both versions")
        for pocket in (phone, other):
            pocket.await_order(task)
            assert pocket.accept(task, str(uuid7()))["result"]["status"] == "accepted"
        assert story.force.answer("third", task) == "reserve"
        progress = story.force.progress(task)
        assert (progress["accepted"], progress["reserve"]) == (PLACES, 1)
    for version in (story.old, story.new):
        assert replace(story.force, at=story.behind(version, "web")).faults() == []
    story.web.target = story.old.port("web")


def switch(story: Story, phone: Pocket) -> str:
    """Let the proxy lead to the new version and end the old one; returns an order that the phone has missed."""
    story.web.target, story.sockets.target = story.new.port("web"), story.new.port("sockets")
    story.old.stop()
    phone.await_end()
    return story.order("While the phone was away")


def acts_of_before_are_known(story: Story, phone: Pocket, before: Before) -> None:
    """Send again what the release had taken: it is known, and done no second time; tokens are good and renewed."""
    again = phone.accept(before.task, before.key_of_socket)
    assert (again["result"]["status"], again["replayed"]) == ("accepted", True)
    assert story.force.answer("second", before.task, key=before.key_of_rest) == "accepted"
    same = story.force.ask("POST", "tasks", story.force.task_body(before.task, before.title), by="leader")
    assert same.status == 200
    assert story.force.progress(before.task)["accepted"] == PLACES
    for who in ("commander", "leader", "first"):
        story.force.renew(who)
    assert story.force.faults() == []


def release_can_come_back(story: Story) -> None:
    """Start the release again beside the new version, as for a way back: it knows what came since, and serves."""
    story.old.start("web")
    assert lost(story.seen(story.old), story.seen(story.new)) == []
    assert replace(story.force, at=story.behind(story.old, "web")).faults() == []
    story.old.stop()
