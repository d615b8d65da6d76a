"""One schedule for the pages' client: who plays, what leaders and volunteers do, what befalls their phones."""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid6 import uuid7

from simulator.processes import Server
from simulator.rest import Refused, Unreachable
from tests.faults.ground import Ground
from tests.faults.harness import account_of, task_body
from tests.faults.network import Address, Network
from tests.faults.node import Node
from tests.faults.strikes import play
from tests.faults.weather import Change, PagesSchedule

CSRF = "c" * 32
ORDER_EVERY_S = 0.5
ACT_EVERY_S = 0.1
SHORT = timedelta(seconds=4)
BASIS = {"legal_basis": "vital_interests", "reason": "A child is missing"}
PATIENCE_S, GIVE_UP_S = 4.0, 60.0
TOO_LATE = {"/problems/invalid", "/problems/task-over", "/problems/nobody-to-ask"}
"""How an order may be refused: its time has passed while the server was away, or nobody is left who suits."""


@dataclass
class Phone:
    """One page, with its way to the servers."""

    name: str
    number: int
    network: Network
    alone: bool
    """Whether it is the only one of its person."""


@dataclass
class Pages:
    """What is played in one seed. `squad` is as `squads.Squad` says it."""

    ground: Ground
    node: Node
    squad: Mapping[str, Any]
    schedule: PagesSchedule
    phones: list[Phone] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"acts {self.schedule.seed}")
        self.commander = account_of(self.ground.stage, self.squad["commander"])
        people = self.squad["people"]
        self.accounts = {
            one["signed_in"]["number"]: account_of(self.ground.stage, one["signed_in"]) for one in people
        }
        for account in (self.commander, *self.accounts.values()):
            account.fresh_until = 0.0  # the tokens are as old as the grounds, which many seeds share
        self.units = {one["signed_in"]["number"]: one["unit"] for one in people}

    async def begin(self) -> None:
        """Open every page, and let each come in once."""
        stage = self.ground.stage
        sockets = [server for server in stage.servers if server.name.startswith("sockets")] or [stage.web]
        for person in self.squad["people"]:
            for session in person["sessions"]:
                number, alone = person["signed_in"]["number"], len(person["sessions"]) == 1
                index = len(self.phones)
                dice = random.Random(f"network {self.schedule.seed} {index}")
                blocks = index == self.schedule.blocked
                network = Network(
                    _address(stage.web), [_address(one) for one in sockets], dice, blocks=blocks
                )
                await network.open()
                phone = Phone(f"{self.schedule.seed}.{index}", number, network, alone)
                self.phones.append(phone)
                owner = {
                    "number": f"{number:08d}",
                    "origin": network.origin,
                    "session": session,
                    "csrf": CSRF,
                }
                await self.node.ask(phone.name, "add", owner=owner)

    async def play(self) -> None:
        """Let it all happen at once; returns when everything is put right again."""
        acting = [asyncio.ensure_future(act) for act in (self._orders(), self._volunteers(), self._moves())]
        befalling = [asyncio.ensure_future(self._befall(change)) for change in self.schedule.changes]
        befalling.append(asyncio.ensure_future(play(self.ground, self.schedule.faults)))
        try:
            await asyncio.gather(*befalling)
        finally:
            for task in (*acting, *befalling):
                task.cancel()
            await asyncio.gather(*acting, *befalling, return_exceptions=True)
            for phone in self.phones:
                phone.network.become("fair")
                await self.node.ask(phone.name, "online", on=True)

    async def finish(self) -> None:
        """Wait for what leaders have begun."""
        await asyncio.gather(*self._running)

    async def close(self) -> None:
        """Leave nothing behind."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for phone in self.phones:
            await self.node.ask(phone.name, "remove")
            await phone.network.close()

    # --- what leaders do

    async def _orders(self) -> None:
        while True:
            self._start(self._order())
            await asyncio.sleep(ORDER_EVERY_S)

    async def _order(self) -> None:
        task, at, dice = str(uuid7()), datetime.now(UTC), self._dice
        units = dice.choice(
            [[self.squad["root"]], *([unit] for unit in self.squad["units"]), self.squad["units"]]
        )
        short, cancelled, basis = (dice.random() < share for share in (0.25, 0.3, 0.2))
        body = task_body(task, at, unit=self.squad["root"], headcount=dice.randint(1, 3))
        if short:
            body["answer_by"] = (at + SHORT).isoformat()
        self.tasks.append(task)
        try:
            await self._insist("/tasks", body)
            await self._insist(f"/tasks/{task}/call-outs", {"id": str(uuid7()), "units": units})
            if basis:
                await self._insist(f"/tasks/{task}/legal-basis", BASIS, method="PUT")
            if cancelled:
                await asyncio.sleep(dice.uniform(0.1, 1.5))
                await self._insist(f"/tasks/{task}/cancel", {"reason": "found"})
        except Refused as refused:
            if refused.problem.get("type") not in TOO_LATE:
                self.failures.append(f"task {task}: {refused}")

    async def _moves(self) -> None:
        """Let people go to the other unit, one after the other: each move begins where the last one ended."""
        while True:
            await asyncio.sleep(self._dice.uniform(1, 3))
            number = self._dice.choice(list(self.units))
            before = self.units[number]
            after = next(unit for unit in self.squad["units"] if unit != before)
            body = {"id": str(uuid7()), "volunteer": f"{number:08d}", "from_unit": before, "to_unit": after}
            try:
                await self._insist("/transfers", body)
                self.units[number] = after
            except Refused as refused:
                self.failures.append(f"transfer: {refused}")

    async def _insist(self, path: str, body: dict[str, Any], *, method: str = "POST") -> None:
        """Send until it is answered, with the same ids, as a leader's app would."""
        patience, until = PATIENCE_S, asyncio.get_running_loop().time() + GIVE_UP_S
        while True:
            try:
                token = await self.commander.token()
                rest = self.commander.rest
                await rest.call(method, f"/api/v1{path}", body, token=token, timeout_s=patience)
            except (Unreachable, Refused) as failure:
                if isinstance(failure, Refused) and failure.status < 500:
                    raise
                if asyncio.get_running_loop().time() > until:
                    self.failures.append(f"{path}: {failure}")
                    return
                patience *= 1.5
                await asyncio.sleep(0.3)
            else:
                return

    # --- what volunteers do, and what befalls them

    async def _volunteers(self) -> None:
        while True:
            phone = self._dice.choice(self.phones)
            if self._dice.random() < 0.25:
                await self.node.ask(phone.name, "duty", on=self._dice.random() < 0.7)
            else:
                answer = "accept" if self._dice.random() < 0.6 else "decline"
                await self.node.ask(phone.name, "answer", answer=answer, pick=self._dice.random())
            await asyncio.sleep(ACT_EVERY_S)

    async def _befall(self, change: Change) -> None:
        await asyncio.sleep(change.at)
        phone = self.phones[change.phone]
        match change.blow:
            case "cut":
                phone.network.cut()
            case "restart" | "wipe":
                phone.network.break_off()
                await self.node.ask(phone.name, "restart", wipe=change.blow == "wipe")
            case "offline":
                await self.node.ask(phone.name, "online", on=False)
                await asyncio.sleep(change.for_s)
                await self.node.ask(phone.name, "online", on=True)
            case weather:
                phone.network.become(weather)
                await asyncio.sleep(change.for_s)
                if phone.network.weather == weather:
                    phone.network.become("fair")

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(act)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


def _address(server: Server) -> Address:
    return "127.0.0.1", server.port
