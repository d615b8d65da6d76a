"""What the pages' own tests replay is what the server says: snapshots, and the events that lead from one to the next.

`RECORD=1 .venv/bin/python -m pytest tests/contract/test_recordings.py` writes the recordings anew.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import queries, services
from backend.dispatch.models import Task
from backend.dispatch.schemas import AnswerIn, CallOutIn, LegalBasisIn, TaskIn
from backend.dispatch.services.legal_basis import name_legal_basis
from backend.realtime.frames import Audience
from backend.realtime.models import Event
from backend.volunteers.models import Role, Unit
from backend.volunteers.queries import me_of
from backend.volunteers.services import set_duty
from tests.builders import Formation, factory_of_volunteers, make_formation, posted, task_body
from tests.tracking.test_mapworld import FAR, NEAR, Story

FOLDER = Path(__file__).resolve().parents[2] / "frontend" / "tests" / "recorded"
MORNING = datetime(2026, 5, 1, 2, tzinfo=UTC)
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBERS = re.compile(r'(?<=")\d{8}(?=")')


class Day:
    """A day of one volunteer and their leader, and all that is told of it."""

    def __init__(self, formation: Formation) -> None:
        make = factory_of_volunteers(MORNING)
        self.formation, self.at = formation, MORNING
        self.commander = posted(
            make(formation.detachment, on_duty=False, name="指挥员"), Role.COMMANDER, MORNING
        )
        self.volunteer, self.other = (
            make(formation.squadron_a, name=name).user for name in ("王大妈", "李大爷")
        )
        make(formation.squadron_b, name="张阿姨")  # whom the wider call-out is for
        self.tasks: dict[str, Task] = {}
        self._told = 0

    def call(self, title: str, *units: Unit) -> None:
        """Call the task of this title out; it needs one person."""
        if title not in self.tasks:
            unit, starts_at = self.formation.detachment.number, MORNING + timedelta(hours=3)
            body = task_body(unit, MORNING, title=title, starts_at=starts_at, headcount=1)
            wanted = TaskIn.model_validate(body)
            self.tasks[title] = services.create_task(wanted=wanted, by=self.commander, at=self.at)
        numbers = [unit.number for unit in units or [self.formation.squadron_a]]
        called = CallOutIn(id=uuid7(), units=numbers)
        services.call_out(task_id=self.tasks[title].pk, wanted=called, by=self.commander, at=self.at)

    def answer(self, title: str, by: User, answer: str, reason: str = "") -> None:
        given = AnswerIn.model_validate({"answer": answer, "reason": reason})
        services.answer_offer(task_id=self.tasks[title].pk, answer=given, by=by, at=self.at)

    def name_basis(self, title: str, basis: str | None) -> None:
        wanted = LegalBasisIn.model_validate({"legal_basis": basis, "reason": "A child is missing"})
        name_legal_basis(task_id=self.tasks[title].pk, wanted=wanted, by=self.commander, at=self.at)

    def cancel(self, title: str) -> None:
        services.cancel_task(task_id=self.tasks[title].pk, reason="Found", by=self.commander, at=self.at)

    def close(self, title: str) -> None:
        self.at = max(self.at, MORNING + timedelta(hours=1))
        services.close_task(task_id=self.tasks[title].pk, at=self.at)

    def acts(self) -> Iterator[Callable[[], None]]:
        """Yield what happens, in its order: everything that the pages are told of."""
        volunteer, other = self.volunteer, self.other
        yield lambda: self.call("Patrol")
        yield lambda: self.answer("Patrol", other, "accept")
        yield lambda: self.answer("Patrol", volunteer, "accept")  # in reserve
        yield lambda: self.name_basis("Patrol", "vital_interests")
        yield lambda: self.call("Search")
        yield lambda: self.answer("Patrol", other, "decline")  # moves up
        yield lambda: self.answer("Search", volunteer, "decline", "Too far away")
        yield lambda: self.call("Search", self.formation.brigade)  # again, and wider
        yield lambda: self.name_basis("Patrol", None)
        yield lambda: self.call("Sandbags")
        yield lambda: self.answer("Sandbags", volunteer, "accept")
        yield lambda: self.cancel("Sandbags")
        yield lambda: self.call("Visit")
        yield lambda: set_duty_of(volunteer, False, self.at)
        yield lambda: self.answer("Patrol", volunteer, "decline")  # free again
        yield lambda: self.answer("Search", volunteer, "accept")
        yield lambda: self.cancel("Visit")
        yield lambda: set_duty_of(volunteer, True, self.at)
        yield lambda: self.close("Patrol")
        yield lambda: self.close("Search")

    def told(self) -> list[dict[str, Any]]:
        """Return the events since the last call, of all topics, in the order in which they were written."""
        rows = list(Event.objects.filter(pk__gt=self._told).order_by("pk"))
        self._told = rows[-1].pk if rows else self._told
        return [
            {
                "topic": row.topic_id,
                "seq": row.seq,
                "type": row.type,
                "at": written(row.at),
                "data": row.data,
            }
            for row in rows
            if row.topic_id.startswith("task.") or self._is_for_the_volunteer(row)
        ]

    def _is_for_the_volunteer(self, row: Event) -> bool:
        numbers = Audience.of_stored(row.audience).numbers if row.audience else None
        of_another = row.topic_id.startswith("person.") and row.topic_id != self.volunteer.volunteer.topic
        return not of_another and (numbers is None or self.volunteer.volunteer.number in numbers)


def written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def set_duty_of(user: User, on: bool, at: datetime) -> None:
    set_duty(on=on, by=user, at=at)


def snapshot_of(day: Day) -> dict[str, Any]:
    """Return what the topic of the person begins with, as far as the page reads it."""
    user = User.objects.get(pk=day.volunteer.pk)
    offers = queries.inbox_of(user.volunteer.number, at=day.at)
    return {
        "me": me_of(user, at=day.at).model_dump(mode="json", include={"duty"}),
        "offers": offers.model_dump(mode="json"),
    }


def details_of(ids: list[UUID]) -> list[dict[str, Any]]:
    """Return what the topics of tasks begin with."""
    return [
        detail.model_dump(mode="json") for detail in queries.task_details(Task.objects.filter(pk__in=ids))
    ]


def counts_of(ids: list[UUID]) -> dict[str, Any]:
    """Return what those who watch the tasks are told beside the log."""
    return {str(id): found.model_dump(mode="json") for id, (found, _) in queries.counts_of(ids).items()}


def same_each_time(text: str) -> str:
    """Write ids and numbers as what they are in the order of their coming: in each run they are others."""
    text = counted_up(text, IDS, "00000000-0000-7000-8000-{:012d}")
    text = counted_up(text, NUMBERS, "{:08d}")
    return re.sub(r"person\.\d{8}", "person.00000001", text)


def counted_up(text: str, pattern: re.Pattern[str], written: str) -> str:
    known: dict[str, str] = {}
    return pattern.sub(lambda found: known.setdefault(found[0], written.format(len(known) + 1)), text)


def agrees(name: str, steps: list[Any]) -> None:
    """Compare with what was recorded: one line for each step, so that a difference can be read."""
    lines = ",\n".join(json.dumps(step, ensure_ascii=False, sort_keys=True) for step in steps)
    text = same_each_time(f"[\n{lines}\n]\n")
    path = FOLDER / name
    if os.environ.get("RECORD"):
        path.write_text(text)
    assert path.read_text() == text, f"{name} is not what the server says now: record it anew, see above"


@pytest.mark.django_db
def test_the_recorded_day_is_fresh() -> None:
    day = Day(make_formation())
    number = f"{day.volunteer.volunteer.number:08d}"
    steps: list[Any] = [
        {"number": number, "events": [], "snapshot": snapshot_of(day), "tasks": [], "counts": {}}
    ]
    day.told()
    for act in day.acts():
        day.at += timedelta(minutes=1)
        act()
        events = day.told()
        moved = [UUID(each["topic"][5:]) for each in events if each["topic"].startswith("task.")]
        told = {"events": events, "snapshot": snapshot_of(day)}
        steps.append({**told, "tasks": details_of(moved), "counts": counts_of(moved)})

    agrees("day.json", steps)


@pytest.mark.parametrize(("name", "window"), [("near.json", NEAR), ("far.json", FAR)])
def test_the_recorded_map_is_fresh(name: str, window: Any) -> None:
    """Each step: the frame that a console was sent, and those that another is sent which comes now."""
    story, steps = Story(), []
    console = story.look(window, "0001")
    for ago, people in ((0, (1, 2, 3)), (30, (2, 4)), (89, (5,)), (700, (1, 6)), (0, (3,))):
        for person in people:
            story.report(person, "00010001", 119.88 + person / 100 + ago / 10_000, 29.45, ago)
        story.at += 40_000_000
        before = len(console.texts)
        story.turn()
        late = story.look(window, "0001")
        story.turn()
        sent = [json.loads(text) for text in console.texts[before:]]
        steps.append({"frames": sent, "fresh": [json.loads(text) for text in late.texts]})

    agrees(name, steps)
