"""The leader of the trials, who speaks to the real server directly: calls out, and asks what became of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from uuid6 import uuid7

from backend.lib.clock import now
from simulator.account import Account
from simulator.conformance.installation import Installation
from simulator.rest import Rest

PLACE = {"name": "Old bridge", "lon": 119.8921, "lat": 29.4512, "datum": "wgs84"}


@dataclass(frozen=True, slots=True)
class Order:
    """A task to which the volunteer was called."""

    id: str
    title: str


@dataclass
class Leader:
    """Calls the volunteer out, one order for each thing that is tried."""

    installation: Installation
    _count: int = 0
    _unit: str = ""
    _account: Account = field(init=False)

    def __post_init__(self) -> None:
        signs_in = self.installation.leader
        self._account = Account(Rest(self.installation.server), signs_in.number, signs_in.password)

    async def call_out(self) -> Order:
        """Make a task and send it to the volunteer's unit."""
        at = now()
        self._count += 1
        order = Order(str(uuid7()), f"Trial order {self._count}")
        task = {
            "id": order.id,
            "unit": await self._own_unit(),
            "category": "community",
            "title": order.title,
            "instructions": "Only a trial of an app.",
            "place": PLACE,
            "starts_at": (at + timedelta(hours=2)).isoformat(),
            "answer_by": (at + timedelta(hours=1)).isoformat(),
            "headcount": 5,
        }
        await self._account.call("POST", "/api/v1/tasks", task)
        sent = {"id": str(uuid7()), "units": [task["unit"]]}
        await self._account.call("POST", f"/api/v1/tasks/{order.id}/call-outs", sent)
        return order

    async def state_of(self, order: Order) -> str:
        """Return what the server knows of the volunteer's part."""
        page = await self._account.call("GET", f"/api/v1/tasks/{order.id}/recipients")
        number = self.installation.volunteer.number
        lines: list[dict[str, Any]] = page["items"]
        return next((str(line["state"]) for line in lines if line["volunteer"] == number), "")

    async def call_off(self, order: Order) -> None:
        """Take an order from the screen when its trial is over."""
        await self._account.call("POST", f"/api/v1/tasks/{order.id}/cancel", {"reason": "The trial is over"})

    async def _own_unit(self) -> str:
        if not self._unit:
            me = await self._account.call("GET", "/api/v1/me")
            self._unit = str(me["may_dispatch"][0]["number"])
        return self._unit
