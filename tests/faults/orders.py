"""Orders that go out all the time, retried with the same ids as an app would, and what was confirmed of them."""

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid6 import uuid7

from simulator.people import OTHER_UNIT, UNIT
from simulator.phone import Phone
from simulator.rest import Refused, Unreachable
from tests.faults.field import Field
from tests.faults.harness import task_body

ORDER_EVERY_S = 0.7
DUTY_EVERY_S = 0.25
PATIENCE_S = 4.0
"""Seconds after which a leader's app gives up waiting and sends the same again; each time it waits longer."""
GIVE_UP_S = 60.0
SHORT = timedelta(seconds=4)
TOO_LATE = {"/problems/invalid", "/problems/task-over"}
"""How a task with little time to answer is refused when the server was away for that long."""


@dataclass
class Order:
    """One task: what the leader was told of it."""

    task: str
    unit: str
    short: bool
    called: bool = False
    cancelled: bool = False
    failure: str = ""


class Orders:
    """Calls out, cancels and changes duty until told to stop."""

    def __init__(self, field: Field, seed: int) -> None:
        self.orders: list[Order] = []
        self._field = field
        self._dice = random.Random(f"orders {seed}")
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Begin new acts until cancelled; those that have begun go on."""
        duty_at = order_at = time.monotonic()
        while True:
            moment = time.monotonic()
            if moment >= order_at:
                order_at = moment + ORDER_EVERY_S
                self._start(self._order())
            if moment >= duty_at:
                duty_at = moment + DUTY_EVERY_S
                self._start(self._duty(self._dice.choice(self._field.fleet.phones)))
            await asyncio.sleep(0.05)

    async def finish(self) -> None:
        """Wait for the acts that have begun."""
        await asyncio.gather(*self._running)

    async def abandon(self) -> None:
        """Break off what has begun."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def failures(self) -> list[str]:
        """Return the orders that met an answer they should not."""
        return [f"task {order.task}: {order.failure}" for order in self.orders if order.failure]

    async def _order(self) -> None:
        unit = UNIT if self._dice.random() < 0.8 else OTHER_UNIT
        order = Order(str(uuid7()), unit, short=self._dice.random() < 0.25)
        self.orders.append(order)
        try:
            await self._carry_out(order)
        except Refused as refused:
            if not (order.short and refused.problem.get("type") in TOO_LATE):
                order.failure = f"refused: {refused}"
        except Unreachable as failure:
            order.failure = f"not through in {GIVE_UP_S:.0f} s: {failure}"

    async def _carry_out(self, order: Order) -> None:
        at = datetime.now(UTC)
        body = task_body(order.task, at, unit=order.unit, headcount=self._dice.randint(1, 4))
        if order.short:
            body["answer_by"] = (at + SHORT).isoformat()
        await self._insist(order, "", body)
        if order.unit == UNIT and self._field.watchers:
            self._dice.choice(self._field.watchers).watch(f"task.{order.task}")
        await self._insist(order, f"/{order.task}/call-outs", {"id": str(uuid7()), "units": [order.unit]})
        order.called = True
        if self._dice.random() < 0.3:
            await asyncio.sleep(self._dice.uniform(0.2, 1.5))
            await self._insist(order, f"/{order.task}/cancel", {"reason": "found"})
            order.cancelled = True

    async def _insist(self, order: Order, path: str, body: dict[str, Any]) -> None:
        """Send until it is answered. Raises Refused, or Unreachable after a minute of trying."""
        account = self._field.commanders[order.unit]
        patience, until = PATIENCE_S, time.monotonic() + GIVE_UP_S
        while True:
            try:
                token = await account.token()
                await account.rest.call("POST", f"/api/v1/tasks{path}", body, token=token, timeout_s=patience)
            except (Unreachable, Refused) as failure:
                if (isinstance(failure, Refused) and failure.status < 500) or time.monotonic() > until:
                    raise
                patience *= 1.5
                await asyncio.sleep(0.3)
            else:
                return

    async def _duty(self, phone: Phone) -> None:
        """Go on or off duty, and say the same again with the same key, perhaps to another process."""
        key, body = uuid7(), {"on": self._dice.random() < 0.75}
        again = self._dice.random() < 0.5
        await phone.act("duty.set", key, body)
        if again:
            await asyncio.sleep(1)
            await phone.act("duty.set", key, body)

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(act)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
