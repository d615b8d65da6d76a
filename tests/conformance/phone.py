"""A whole phone in Python that keeps every rule; the wrong phones are this one with one thing done otherwise.

It speaks over the socket alone, and keeps in memory what a real one keeps on disk.
"""

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from uuid6 import uuid7
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from simulator.conformance.leader import Order
from simulator.conformance.trace import Frame
from simulator.rest import Refused, Rest, Unreachable

STOP = (4400, 1002, 1007, 1008, 1009)
LOST = 1006
SHARE = 2 / 3


@dataclass
class Act:
    """An answer that waits for its result."""

    key: str
    task: str


@dataclass
class Phone:
    """Behaves as the documents say. `pace` is how much faster its time runs; it is its own person too (`wish`)."""

    address: str
    number: str
    password: str
    pace: int
    patience_s: float = 10.0
    device: str = field(default_factory=lambda: str(uuid7()))
    tokens: dict[str, Any] = field(default_factory=dict)
    epoch: str = ""
    cursors: dict[str, int] = field(default_factory=dict)
    queue: list[Act] = field(default_factory=list)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    fixes: list[Frame] = field(default_factory=list)
    heartbeat_s: float = 25
    given_s: float | None = None
    greeted: bool = False
    busy_until: float = 0.0
    socket: ClientConnection | None = None
    _last_id: int = 0
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _running: asyncio.Task[None] | None = None

    # --- the person

    async def wish(self, word: str, order: Order | None = None) -> None:
        """Do what the kit asks the person for."""
        if word == "sign-in":
            self.later(self.sign_in())
        elif word == "start":
            self.start()
        elif word in ("accept", "look") and order:
            await self.look(order)
            if word == "accept":
                self.queue.append(Act(str(uuid7()), order.id))
                await self.send_act()

    async def settled(self) -> None:
        """Be as quick as a program."""

    async def sign_in(self) -> None:
        device = {"id": self.device_id(), "name": "test", "platform": "other"}
        body = {"identifier": self.number, "password": self.password, "device": device}
        self.keep_tokens(await Rest(self.address).call("POST", "/api/v1/sign-in", body))
        self.start()

    def device_id(self) -> str:
        return self.device

    async def look(self, order: Order) -> None:
        if order.id in self.places:
            topic, seq = self.places[order.id]
            await self.send({"type": "receipt", "epoch": self.epoch, "seen": {topic: seq}})

    def start(self) -> None:
        if self._running:
            self._running.cancel()
        self._running = self.later(self.run())

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def later(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.pace)

    # --- connections

    async def run(self) -> None:
        failures = 0
        while True:
            self.greeted = False
            code = await self.session()
            failures = 0 if self.greeted else failures + 1
            pause = await self.pause_after(code, failures)
            if pause is None:
                return
            await self.passes(pause)

    async def pause_after(self, code: int, failures: int) -> float | None:
        given, self.given_s = self.given_s, None
        if code in STOP:
            return None
        if code == 4403:
            self.forget()
            return None
        if code in (4401, 4404):
            if code == 4404:
                self.cursors = {}
            return 0 if await self.renew() else None
        if code == 4290:
            return random.uniform(5, 10)
        if code == 1012:
            return random.uniform(0.5, 5.5) if given is None else given
        return self.backoff(failures)

    def backoff(self, failures: int) -> float:
        return float(min(30, 2**failures)) * random.uniform(0.5, 1)

    def forget(self) -> None:
        """Keep nothing of the person who was signed out."""
        self.tokens, self.cursors, self.epoch = {}, {}, ""
        self.queue, self.places, self.fixes = [], {}, []

    def url(self) -> str:
        return self.address.replace("http", "ws", 1) + "/ws/v1/"

    def subprotocols(self) -> list[str]:
        return ["muster.v1"]

    async def session(self) -> int:
        """Hold one socket; returns its close code."""
        code, token = LOST, self.tokens.get("access", "")
        with suppress(OSError, TimeoutError, EOFError, InvalidHandshake):
            self.socket = await connect(
                self.url(),
                subprotocols=[Subprotocol(name) for name in self.subprotocols()],
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
                ping_interval=None,
                open_timeout=15 / self.pace,
                close_timeout=0.2,
                proxy=None,
            )
            try:
                await self.converse(self.socket)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else LOST
            finally:
                socket, self.socket = self.socket, None
                socket.transport.abort()
                await socket.wait_closed()
        return code

    async def converse(self, socket: ClientConnection) -> None:
        self._last_id = 0
        await self.send({"id": self.next_id(), "type": "hello", **self.named(), "client": {"app": "test"}})
        while True:
            limit = self.silence_s() if self.greeted else self.hello_s()
            async with asyncio.timeout(limit / self.pace):
                frame = json.loads(await socket.recv())
            await self.take(frame)

    def silence_s(self) -> float:
        return 2 * self.heartbeat_s + 5

    def hello_s(self) -> float:
        return 20

    def named(self) -> Frame:
        return {"epoch": self.epoch, "cursors": dict(self.cursors)}

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def send(self, frame: Frame) -> None:
        if self.socket is not None:
            with suppress(ConnectionClosed):
                await self.socket.send(json.dumps(frame))

    def drop(self) -> None:
        """Leave the socket, and come back as after any loss."""
        if self.socket is not None:
            self.socket.transport.abort()

    # --- tokens

    def keep_tokens(self, tokens: dict[str, Any]) -> None:
        self.tokens = tokens
        self.later(self.renew_in_time(tokens["access"]))

    async def renew_in_time(self, access: str) -> None:
        await self.passes(self.tokens["access_expires_in_s"] * SHARE)
        if self.tokens.get("access") == access and await self.renew():
            body = {"token": self.tokens["access"]}
            await self.send({"id": self.next_id(), "type": "session.renew", "body": body})

    async def renew(self) -> bool:
        """Ask until there is an answer; tells whether there are new tokens."""
        while self.tokens:
            refresh = self.tokens["refresh"]
            try:
                self.keep_tokens(
                    await Rest(self.address).call("POST", "/api/v1/token/refresh", {"refresh": refresh})
                )
            except Unreachable:
                await self.passes(2)
            except Refused:
                self.tokens = {}
            else:
                return True
        return False

    # --- what is told

    async def take(self, frame: Frame) -> None:
        if "reply" in frame:
            await self.replied(frame)
        elif "seq" in frame:
            await self.event(frame)
        elif frame["type"] == "heartbeat":
            await self.heartbeat(frame)
            await self.position()
        else:
            self.told_beside(frame)

    def told_beside(self, frame: Frame) -> None:
        match frame["type"]:
            case "caught_up":
                self.reach(frame["topics"])
            case "topic.joined":
                self.begin(frame["topic"], frame["head"])
            case "topic.revoked":
                self.revoked(frame["topic"])
            case "restarting":
                self.given_s = frame["retry_after_s"]
            case "stored":
                self.fixes = []

    def revoked(self, topic: str) -> None:
        self.cursors.pop(topic, None)

    async def replied(self, frame: Frame) -> None:
        result, problem = frame.get("result"), frame.get("problem")
        if isinstance(result, dict) and "heartbeat_s" in result:
            await self.welcomed(result)
        elif isinstance(result, dict) and "task" in result:
            self.queue = [act for act in self.queue if act.task != result["task"]]
        elif problem and problem["status"] == 503:
            self.later(self.try_later(problem.get("retry_after_s", 3)))

    async def try_later(self, seconds: float) -> None:
        await self.passes(seconds)
        await self.send_act()

    async def welcomed(self, welcome: Frame) -> None:
        self.greeted = True
        self.heartbeat_s = welcome["heartbeat_s"]
        self.enter(welcome["epoch"])
        for topic in set(self.cursors) - set(welcome["topics"]):
            del self.cursors[topic]
        for topic, joined in welcome["topics"].items():
            if not joined["recovered"]:
                self.begin(topic, joined["head"])
        await self.receipt(self.cursors)
        await self.send_act()
        await self.position()

    def enter(self, epoch: str) -> None:
        if epoch != self.epoch:
            self.epoch, self.cursors, self.places = epoch, {}, {}

    def begin(self, topic: str, head: int) -> None:
        self.cursors[topic] = head

    async def event(self, frame: Frame) -> None:
        topic, seq = frame["topic"], frame["seq"]
        cursor = self.cursors.get(topic, 0)
        if seq <= cursor:
            return
        if self.is_hole(topic, seq):
            del self.cursors[topic]
            self.drop()
            return
        self.cursors[topic] = seq
        if frame["type"] == "task.called":
            self.places[frame["data"]["task"]["id"]] = topic, seq
        await self.receipt({topic: seq})

    def is_hole(self, topic: str, seq: int) -> bool:
        return topic.startswith("person.") and seq > self.cursors.get(topic, 0) + 1

    async def receipt(self, numbers: dict[str, int]) -> None:
        delivered = {topic: seq for topic, seq in numbers.items() if seq}
        if delivered:
            await self.send({"type": "receipt", "epoch": self.epoch, "delivered": delivered})

    async def heartbeat(self, frame: Frame) -> None:
        if any(head > self.cursors.get(topic, head) for topic, head in frame["heads"].items()):
            self.drop()
        else:
            self.reach(frame["through"])

    def reach(self, numbers: dict[str, int]) -> None:
        for topic, number in numbers.items():
            if topic in self.cursors:
                self.cursors[topic] = max(number, self.cursors[topic])

    # --- acts and positions

    async def send_act(self) -> None:
        for act in self.queue[:1]:
            body = {"task": act.task, "answer": self.answer()}
            frame = {"id": self.next_id(), "type": "assignment.answer", "key": self.key_of(act), "body": body}
            await self.send(frame)
            if self.socket is not None:
                self.later(self.watch(act, self.socket))

    def answer(self) -> str:
        return "accept"

    def key_of(self, act: Act) -> str:
        return act.key

    async def watch(self, act: Act, socket: ClientConnection) -> None:
        """Drop a connection on which no reply comes."""
        await self.passes(15)
        if act in self.queue and self.socket is socket:
            self.drop()

    async def position(self) -> None:
        at = datetime.now(UTC).isoformat()
        self.fixes.append({"at": at, "lon": 119.8921, "lat": 29.4512, "datum": "wgs84", "acc_m": 9})
        await self.send({"type": "position", "n": self.next_id(), "fixes": self.fixes})
