"""For every topic, a snapshot and the events after it are a fresh snapshot.

`test_recordings.py` records what the server says on one day, and `frontend/tests/recorded.test.ts` replays it through
the pages' reducers: from every snapshot to every later one. Here nothing is left out of that day.
"""

import json
from typing import Any

from backend.realtime.events import EVENTS
from backend.realtime.registry import registry
from tests.contract.test_recordings import FOLDER

TOLD_APART = {
    "application.changed": "a leader reads the unit's applications; no snapshot has them",
    "desk.changed": "the phone reads the desk again; no snapshot has it",
    "desk.uncovered": "a notice to show; no snapshot has it",
    "device.introduced": "a warning to show; the phone reads `GET /me/devices` for more",
    "employment.changed": "the phone reads `GET /me` again",
    "invitation.accepted": "a warning to show; the socket closes next",
    "number.changed": "the phone forgets its cursors and begins with snapshots",
    "people.found": "a notice to show; no snapshot has it",
    "post.changed": "the phone reads `GET /me` again",
    "record.corrected": "a notice to show; the phone reads the corrections and `GET /me` again",
    "record.merged": "a notice to show; the kept record's snapshot has what came to it after a new `hello`",
    "sharing.changed": "the phone reads what the partner shares again; no snapshot has it",
    "sign_in.code": "a code to show until it expires; no snapshot has it",
    "standing.changed": "holds the whole standing, which replaces that of `me`",
    "transfer.changed": "a leader reads the transfers; no snapshot has them",
    "unit.changed": "holds the whole unit, which replaces that of `me`",
    "waking.changed": "holds all of it, as `GET /me/waking` does; no snapshot has it",
}
"""Events that no reducer of a page applies, with what a phone does instead (`mobile_api_docs/frames.md`)."""


def recorded() -> list[dict[str, Any]]:
    """Return every event of the recorded day."""
    steps = json.loads((FOLDER / "day.json").read_text())
    return [event for step in steps for event in step["events"]]


def test_every_kind_of_topic_is_replayed() -> None:
    kinds = {event["topic"].partition(".")[0] for event in recorded()}

    assert kinds == set(registry.join_rules)


def test_every_event_is_replayed_or_told_apart() -> None:
    types = {event["type"] for event in recorded()}

    assert types.isdisjoint(TOLD_APART)
    assert types | set(TOLD_APART) == {
        type for type, event in EVENTS.items() if event.__module__.startswith("backend.")
    }
