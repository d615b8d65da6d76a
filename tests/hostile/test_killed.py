"""A process is killed when its act is committed and not answered; the same key is told what the act has made."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from uuid6 import uuid7

from tests.flows.installation import Answer, Installation

pytestmark = [
    pytest.mark.waits,
    pytest.mark.postgres,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("openapi"),
]
GATE = 15
HELD = f"""
CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON tracking_tracker
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
"""
"""A commit that writes a tracker waits at a gate: its process has sent the commit, and waits for the answer."""
WAITING = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"
TRACKERS = "SELECT count(*) FROM tracking_tracker WHERE name = 'killed'"


def test_a_key_is_told_what_was_made_by_a_process_that_did_not_live_to_answer(
    web_on_postgres: Installation,
) -> None:
    key = str(uuid7())

    def make() -> Answer:
        body = {"name": "killed", "datum": "wgs84"}
        return web_on_postgres.request(
            "POST", "/api/v1/me/trackers", body, {"Idempotency-Key": key}, by="NUMBER"
        )

    with ThreadPoolExecutor() as pool, gate(web_on_postgres) as database:
        unanswered = pool.submit(make)
        wait_until(lambda: count(database, WAITING) == 1)
        process = web_on_postgres.server.process
        assert process is not None
        os.killpg(process.pid, signal.SIGSTOP)
        assert count(database, TRACKERS) == 0
        database.execute("SELECT pg_advisory_unlock(%s)", [GATE])
        wait_until(lambda: count(database, TRACKERS) == 1)  # committed, while the process stands still
        web_on_postgres.server.kill()
        assert unanswered.result().status == 0

    web_on_postgres.server.start().wait_until_healthy()
    first, second = make(), make()

    assert (first.status, second.status) == (200, 200)
    assert first.text == second.text
    # Other tests make trackers of this person too, by other names.
    names = [one["name"] for one in json.loads(own_trackers(web_on_postgres).text)]
    assert names.count("killed") == 1
    secret = json.loads(first.text)["secret"]
    report = web_on_postgres.request("GET", f"/api/v1/trackers/osmand?id={secret}&lat=29.4&lon=119.9")
    assert report.status == 200, report


def own_trackers(installation: Installation) -> Answer:
    return installation.request("GET", "/api/v1/me/trackers", by="NUMBER")


@contextmanager
def gate(installation: Installation) -> Iterator[psycopg.Connection[Any]]:
    """Let commits that write a tracker wait until the gate is opened."""
    with psycopg.connect(installation.server.environment["DATABASE_URL"], autocommit=True) as database:
        database.execute(HELD)
        database.execute("SELECT pg_advisory_lock(%s)", [GATE])
        try:
            yield database
        finally:
            database.execute("DROP FUNCTION wait_at_gate CASCADE")


def count(database: psycopg.Connection[Any], query: str) -> int:
    row = database.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def wait_until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not so():
        assert time.monotonic() < until
        time.sleep(0.01)
