"""Where the kit plays: an installation of its own on SQLite that is gone afterwards, or one that runs already."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import stage as stages
from simulator.processes import ROOT, DidNotStart, free_port

OFTEN_S = 5
"""Seconds of the phone between heartbeats and positions; on a large installation they are 25 and 30."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a person signs in."""

    number: str
    password: str


@dataclass(frozen=True, slots=True)
class Installation:
    """A server with a leader, and a volunteer of the leader's unit whose phone is tried."""

    server: str
    leader: SignIn
    volunteer: SignIn


def with_people(server: str, people: dict[str, Any]) -> Installation:
    """Return an installation by the address and the JSON that names its people."""
    return Installation(server, SignIn(**people["leader"]), SignIn(**people["volunteer"]))


@contextmanager
def throwaway(pace: int) -> Iterator[Installation]:
    """Start a server for a phone whose time runs `pace` times faster. Raises DidNotStart."""
    with stages.temporary_sqlite() as url:
        often = str(max(1, round(OFTEN_S / pace)))
        environment = {
            "DATABASE_URL": url,
            "HEARTBEAT_S": often,
            "POSITION_EVERY_S": often,
            "POSITION_EVERY_ON_TASK_S": often,
        }
        log = Path(url.removeprefix("sqlite:///")).with_name("server.log")
        stage = stages.one_process(environment, free_port(), log)
        people = _fill(stage.environment)
        try:
            stage.start()
            stage.wait()
            yield with_people(stage.web.http, people)
        finally:
            stage.stop()


def _fill(environment: dict[str, str]) -> dict[str, Any]:
    """Make the tables and the people in a process of its own: this one needs nothing of the server's code."""
    done = subprocess.run(
        [sys.executable, "-m", "simulator.conformance.people"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DidNotStart(done.stderr[-3_000:])
    people: dict[str, Any] = json.loads(done.stdout)
    return people
