"""A leader's order, timed from the request to the last phone."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from uuid6 import uuid7

from benchmarks.rest import post
from benchmarks.rounds import REST_S, Round, Side, milliseconds
from simulator.processes import Server

MARK = b'"task.called"'


@dataclass
class CallOuts:
    """Calls a new task out to all phones, as often as asked; all times are seconds since the request."""

    web: Server
    token: str
    unit: str
    asked: int
    answered_s: list[float] = field(default_factory=list)
    logged_s: list[float] = field(default_factory=list)
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def publish(self) -> int:
        """Make a task, then call it out; only the second counts."""
        task = await self._make_task()
        body = {"id": str(uuid7()), "units": [self.unit]}
        self._began, began = datetime.now(UTC), time.monotonic_ns()
        called = await self._post(f"/api/v1/tasks/{task}/call-outs", body)
        self.answered_s.append((time.monotonic_ns() - began) / 1e9)
        assert called["offered"] == self.asked, f"{called['offered']} of {self.asked} were asked"
        return began

    async def look(self) -> None:
        """Note when the last call-out's event was in the log, by the database's clock, which is this machine's.

        Only the commit comes after it.
        """
        from backend.realtime.models import Topic

        row = await asyncio.to_thread(Topic.objects.get, name=f"unit.{self.unit}")
        self.logged_s.append((row.moved_at - self._began).total_seconds())

    async def _make_task(self) -> str:
        task, at = str(uuid7()), datetime.now(UTC).replace(microsecond=0)
        wanted = {
            "id": task,
            "unit": self.unit,
            "category": "community",
            "title": f"Carry sandbags {uuid4().hex[:8]}",
            "place": {"name": "Old bridge", "lon": 119.8921, "lat": 29.4512, "datum": "wgs84"},
            "answer_by": (at + timedelta(hours=1)).isoformat(),
            "starts_at": (at + timedelta(hours=2)).isoformat(),
            "headcount": self.asked,
        }
        await self._post("/api/v1/tasks", wanted)
        return task

    async def _post(self, path: str, body: Any) -> Any:
        answer = await post(
            self.web.port, path, json.dumps(body).encode(), {"Authorization": f"Bearer {self.token}"}
        )
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.body.decode()}")
        return json.loads(answer.body)


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """Pairs of a plain event and a call-out to the same phones."""

    pure: list[Round]
    whole: list[Round]
    call_outs: CallOuts

    @property
    def ratios(self) -> list[float]:
        """The factor by which each call-out took longer than the plain fan-out, until the last phone had it."""
        return [whole.all_s / pure.all_s for pure, whole in zip(self.pure, self.whole, strict=True)]

    def figures(self) -> dict[str, Any]:
        """Return the medians: the log entry, the answer to the request, the first and the last phone."""
        return {
            "phones": max(r.received for r in self.whole),
            "logged_ms": milliseconds(self.call_outs.logged_s),
            "answered_ms": milliseconds(self.call_outs.answered_s),
            "first_ms": milliseconds([r.first_s for r in self.whole]),
            "all_ms": milliseconds([r.all_s for r in self.whole]),
            "pure_all_ms": milliseconds([r.all_s for r in self.pure]),
        }


async def end_to_end(
    muster: Side, call_outs: CallOuts, rounds: int, *, skip_number: Callable[[], int]
) -> EndToEnd:
    """Send a plain event and a call-out in turn to our phones; each call-out takes a number of the unit's log."""
    event_mark = muster.crowd.mark
    calling = Side(muster.crowd, call_outs.publish)
    pure: list[Round] = []
    whole: list[Round] = []
    for number in range(rounds + 1):
        once = await muster.play()
        await asyncio.sleep(REST_S)
        sizes, muster.crowd.mark, muster.crowd.sizes = muster.crowd.sizes, MARK, set()
        skip_number()
        called = await calling.play()
        muster.crowd.mark, muster.crowd.sizes = event_mark, sizes
        if number:  # the first is a warm-up
            await call_outs.look()
            pure.append(once)
            whole.append(called)
            print(
                f"  call-out: last phone {called.all_s * 1e3:.0f} ms, pure {once.all_s * 1e3:.0f} ms",
                flush=True,
            )
        else:
            call_outs.answered_s.clear()
        await asyncio.sleep(REST_S)
    return EndToEnd(pure, whole, call_outs)
