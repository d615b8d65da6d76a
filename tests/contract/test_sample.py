"""The phone of the first session goes on where it was: after being away, after a kill, and when the log began anew."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from uuid6 import uuid7

from tests.builders import task_body
from tests.contract.test_documents import SESSION, blocks, force  # noqa: F401  # the fixture

pytestmark = [pytest.mark.waits, pytest.mark.timeout(240), pytest.mark.xdist_group("sample")]
Force = Mapping[str, str]


class Session:
    """The volunteer's phone in a folder, and the leader who calls out."""

    def __init__(self, force: Force, folder: Path) -> None:  # noqa: F811
        self.address, self.folder = force["ADDRESS"], folder
        (program,) = blocks(SESSION, "python")
        (folder / "phone.py").write_text(program)
        self.volunteer = self._sign_in(force["NUMBER"], force["PASSWORD"])
        self.leader = self._sign_in(force["LEADER"], force["LEADER_PASSWORD"])
        self.call("PUT", "me/consents/location", self.volunteer, {"agreed": True, "version": 1})
        self.call("PUT", "me/duty", self.volunteer, {"on": True})

    def _sign_in(self, number: str, password: str) -> dict[str, Any]:
        body = {"identifier": number, "password": password}
        signed_in: dict[str, Any] = self.call(
            "POST", "sign-in", {}, {**body, "device": {"id": str(uuid7()), "platform": "other"}}
        )
        return signed_in

    def call(self, method: str, path: str, by: Mapping[str, Any], body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if by:
            headers["Authorization"] = f"Bearer {by['access']}"
        content = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.address}/api/v1/{path}", content, headers, method=method)
        with urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def call_out(self) -> str:
        """Ask the leader's first unit for people; return the task."""
        at, task = datetime.now(UTC), str(uuid7())
        unit = self.leader["me"]["may_dispatch"][0]["number"]
        body = task_body(unit, at, id=task, category="community", headcount=5)
        self.call("POST", "tasks", self.leader, body)
        self.call("POST", f"tasks/{task}/call-outs", self.leader, {"id": str(uuid7()), "units": [unit]})
        return task

    def phone(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "phone.py", self.address, self.volunteer["access"]]
        return subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run_phone(self) -> list[dict[str, Any]]:
        """Run the phone until it has done everything; return the frames that it was sent."""
        out, err = self.phone().communicate(timeout=60)
        assert not err, err
        return [json.loads(line) for line in out.splitlines()]

    def recipient(self, task: str, has: str = "seen", patience_s: float = 20) -> dict[str, Any]:
        """Return the leader's line of the volunteer, once it has what is waited for."""
        until = time.monotonic() + patience_s
        while True:
            lines = self.call("GET", f"tasks/{task}/recipients", self.leader)["items"]
            line: dict[str, Any] = next(
                one for one in lines if one["volunteer"] == self.volunteer["me"]["number"]
            )
            if line[has] or time.monotonic() > until:
                return line
            time.sleep(0.2)


@pytest.fixture
def session(force: Force, tmp_path: Path) -> Session:  # noqa: F811
    return Session(force, tmp_path)


def test_an_order_that_came_while_the_phone_was_away_is_replayed_and_answered(session: Session) -> None:
    first = session.call_out()
    session.run_phone()
    second = session.call_out()

    frames = session.run_phone()

    hello = next(frame for frame in frames if frame.get("reply") == 1)
    assert all(topic["recovered"] for topic in hello["result"]["topics"].values())
    assert [f["data"]["task"]["id"] for f in frames if f.get("type") == "task.called"] == [second]
    for task in (first, second):
        line = session.recipient(task)
        assert (line["state"], line["delivered"], line["seen"]) == ("accepted", True, True)


@pytest.mark.parametrize("moment", ['"reply": 1', "task.called", '"reply": 2'])
def test_a_phone_that_is_killed_loses_no_order_and_answers_once(session: Session, moment: str) -> None:
    session.call_out()
    session.run_phone()
    task = session.call_out()
    phone = session.phone()
    assert phone.stdout is not None
    for line in phone.stdout:
        if moment in line:
            break
    phone.send_signal(signal.SIGKILL)
    phone.communicate()

    if not session.recipient(task, has="answered_at", patience_s=3)["answered_at"]:
        session.run_phone()

    found = session.recipient(task, has="delivered")
    assert (found["state"], found["delivered"]) == ("accepted", True)


def test_a_log_that_began_anew_makes_the_phone_begin_with_snapshots(session: Session) -> None:
    session.call_out()
    session.run_phone()
    state = json.loads((session.folder / "phone.json").read_text())
    state["epoch"] = "another"
    state["cursors"] = {name: seq + 1_000 for name, seq in state["cursors"].items()}
    (session.folder / "phone.json").write_text(json.dumps(state))
    task = session.call_out()

    frames = session.run_phone()

    hello = next(frame for frame in frames if frame.get("reply") == 1)
    assert not any(topic["recovered"] for topic in hello["result"]["topics"].values())
    line = session.recipient(task)
    assert (line["state"], line["delivered"], line["seen"]) == ("accepted", True, True)
