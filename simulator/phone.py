"""One simulated phone: stays connected, keeps a journal, answers call-outs, reports positions."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from simulator.account import Account
from simulator.habits import Habits, Walk, home_near
from simulator.journal import Journal, Shown
from simulator.link import Gone, Link, Problem
from simulator.reconnect import LOST, RENUMBERED, SIGN_IN, pause_after
from simulator.rest import Refused, Unreachable
from simulator.tracker import Tracker

SILENCE = 2.5
"""Missed heartbeats after which a socket counts as dead."""
RECEIPT_AFTER_S = 0.2
PUJIANG = (119.892, 29.452)

OnShown = Callable[["Phone", str, Shown], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A phone's answer to a task, and the server's reply: a status, or a problem's type."""

    answer: str
    outcome: str
    at: float


@dataclass
class Phone:
    """A volunteer's phone. `run()` until cancelled or told to stay away; `urls` are tried in turn."""

    account: Account
    urls: list[str]
    habits: Habits = field(default_factory=Habits)
    dice: random.Random = field(default_factory=random.Random)
    on_shown: OnShown | None = None

    def __post_init__(self) -> None:
        self.journal = Journal()
        self.number = ""
        self.epoch = ""
        self.me: dict[str, Any] = {}
        self.on_duty = False
        self.offers: set[str] = set()
        self.answers: dict[str, Answer] = {}
        self.closed_with: list[int] = []
        self.stopped = ""
        self.connected = asyncio.Event()
        self.tracker = Tracker()
        self.replies: list[tuple[str, Any]] = []
        self._put_away = False
        self._back = asyncio.Event()
        self._link: Link | None = None
        self._considered: set[str] = set()
        self._receipts: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._held: list[dict[str, Any]] | None = None
        self._heard_at = 0.0
        self._renew_at = time.monotonic() + 600 * self.dice.uniform(0.8, 1)
        self._every = {"heartbeat_s": 25, "position_every_s": 30}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Stay connected; reconnect after every loss as its close code demands."""
        attempt, turn = 0, self.dice.randrange(len(self.urls))
        upkeep = asyncio.create_task(self._upkeep())
        try:
            while True:
                code = await self._session(self.urls[turn % len(self.urls)])
                attempt = 0 if self.connected.is_set() else attempt + 1
                self.connected.clear()
                self.closed_with.append(code)
                if (pause := pause_after(code, attempt, self.dice)) is None:
                    self.stopped = f"closed with {code}"
                    return
                await self._rest(pause)
                turn += 1
        except Refused as refused:
            self.stopped = str(refused)
        finally:
            self._put_away = True
            for task in (upkeep, *self._tasks):
                task.cancel()

    @property
    def is_idle(self) -> bool:
        """Tell whether no answer is pending and no frame is in transit."""
        return not self._tasks

    async def set_duty(self, on: bool) -> None:
        """Go on or off duty by REST."""
        duty = await self.account.call("PUT", "/api/v1/me/duty", {"on": on})
        self.on_duty = duty["on"]

    def drop(self) -> None:
        """Lose the network for a moment: the socket closes without a close frame."""
        if self._link is not None:
            self._link.abandon(LOST)

    def retry_now(self) -> None:
        """Reconnect at once if it waits to: the system reports that the network is back."""
        self._back.set()

    async def _rest(self, seconds: float) -> None:
        self._back.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._back.wait()

    async def _session(self, url: str) -> int:
        """Hold one socket from hello to its end; return the close code."""
        link: Link | None = None
        try:
            link = await Link.open(url, await self.account.token())
            async with asyncio.timeout(30):
                self._welcome(await link.hello(self.epoch, self.journal.cursors()))
            self._link = link
            self.connected.set()
            self._greeted()
            async for frame in link:
                self._heard_at = time.monotonic()
                self._take(frame)
            return LOST
        except Gone as gone:
            self._prepare_to_come_back(gone.code)
            return gone.code
        except (Unreachable, TimeoutError):
            return LOST
        except Refused as refused:
            if refused.status < 500:
                raise
            return LOST
        finally:
            self._link, self._held = None, None
            if link is not None:
                link.abandon(LOST)

    def _prepare_to_come_back(self, code: int) -> None:
        """Drop state that a close has made void: the token, and after a change of number the topics too."""
        if code in (SIGN_IN, RENUMBERED):
            self.account.access = ""
        if code == RENUMBERED:
            self.journal = Journal()

    def _greeted(self) -> None:
        """Start the tasks of a new socket."""
        self._start(self._resend_positions())

    async def _upkeep(self) -> None:
        """Report positions, renew the token, and drop a silent socket."""
        position_at = time.monotonic() + self.dice.uniform(1, 5)
        while True:
            await asyncio.sleep(1)
            moment = time.monotonic()
            if self._link is None:
                continue
            if moment - self._heard_at > SILENCE * self._every["heartbeat_s"]:
                self._link.abandon(LOST)
            if moment >= self._renew_at:
                self._renew_at = moment + 60 * self.dice.uniform(0.8, 1)  # in case it fails
                self._start(self._renew())
            if moment >= position_at:
                position_at = moment + self._every["position_every_s"] * self.dice.uniform(0.9, 1.1)
                self._start(self._report_position())

    async def _renew(self) -> None:
        """Send the socket a new access token before the old one expires."""
        await self.account.renew()
        self._renew_at = time.monotonic() + 600 * self.dice.uniform(0.8, 1)
        if self._link is not None:
            await self._link.ask("session.renew", key=uuid7(), body={"token": self.account.access})

    def _welcome(self, welcome: dict[str, Any]) -> None:
        self.number = welcome["volunteer"]
        if welcome["epoch"] != self.epoch:
            self.epoch, self.journal = welcome["epoch"], Journal()
            self._receipts, self._seen = {}, {}
        self._every = {name: welcome[name] for name in self._every}
        self._heard_at = time.monotonic()
        for topic, joined in welcome["topics"].items():
            self._joined(topic, joined)

    def _joined(self, topic: str, joined: dict[str, Any]) -> None:
        """Start a topic from its snapshot, unless the log still reaches back to the cursor."""
        if joined["recovered"] and topic in self.journal.streams:
            return
        self.journal.begin(topic, joined["head"])
        snapshot = joined.get("snapshot") or {}
        if "me" in snapshot:
            self._know_me(snapshot["me"])
        for offer in snapshot.get("offers", {}).get("items", ()):
            if offer["assignment"]["status"] == "offered" and offer["task"]["status"] == "called":
                self._offered(offer["task"]["id"])

    def _know_me(self, me: dict[str, Any]) -> None:
        self.me, self.on_duty = me, me["duty"]["on"]
        if self.tracker.walk is None:
            places = [(unit["lon"], unit["lat"]) for unit in me["units"] if unit.get("lon") is not None]
            # The places of most units are unknown.
            elsewhere = home_near(PUJIANG, of="".join(unit["number"] for unit in me["units"]))
            self.tracker.walk = Walk(*(places or [elsewhere])[0], dice=self.dice)

    def _take(self, frame: dict[str, Any]) -> None:
        if "seq" in frame or frame.get("type") == "caught_up":
            if self._held is not None:
                self._held.append(frame)
            else:
                self._advance(frame)
        elif frame.get("type") == "stored":
            self.tracker.confirm(frame["positions"], frame.get("refused", 0))
            self._every["position_every_s"] = frame.get("every_s", self._every["position_every_s"])
        elif frame.get("type") == "heartbeat":
            self._compare(frame["heads"], frame["through"])
        elif frame.get("type") == "topic.joined":
            self._joined(frame["topic"], {**frame, "recovered": False})
            self._acknowledge(frame["topic"])
        elif frame.get("type") == "topic.revoked":
            self.journal.end(frame["topic"])

    def _advance(self, frame: dict[str, Any]) -> None:
        """Take an event, or the watermark up to which every event came or was for others."""
        if "seq" in frame:
            self._event(frame)
        else:
            self._reach(frame["topics"])

    def _reach(self, heads: dict[str, int]) -> None:
        for topic, head in heads.items():
            if topic in self.journal.streams:
                self.journal.reach(topic, head)

    def _event(self, frame: dict[str, Any]) -> None:
        topic, data = frame["topic"], frame["data"]
        shown = Shown(frame["seq"], frame["type"], time.monotonic(), data)
        fresh = self.journal.show(topic, shown)
        self._acknowledge(topic)
        if not fresh:
            return
        if shown.type == "task.called":
            self._offered(data["task"]["id"])
        elif shown.type == "duty.changed":
            self.on_duty = data["duty"]["on"]
        if self.on_shown is not None:
            self.on_shown(self, topic, shown)

    def _compare(self, heads: dict[str, int], through: dict[str, int]) -> None:
        """Catch up with the heads of a heartbeat; if no event is missing, skip events that were for others."""
        if self._held is not None:
            return
        cursors = self.journal.cursors()
        behind = {topic for topic, head in heads.items() if head > cursors.get(topic, head)}
        self._reach({topic: number for topic, number in through.items() if topic not in behind})
        if behind:
            self._start(self._catch_up())

    async def _catch_up(self) -> None:
        """Read missing events by REST; frames of the socket wait meanwhile, so that the order is kept."""
        await asyncio.sleep(self.dice.uniform(0, 1))
        if self._held is not None or self._link is None:
            return
        async with self._holding(self._link) as link:
            cursors = self.journal.cursors()
            answer = await self.account.call(
                "POST", "/api/v1/catch-up", {"epoch": self.epoch, "cursors": cursors}
            )
            if self._link is link and answer["epoch"] == self.epoch:
                self._caught_up(answer["topics"])

    @asynccontextmanager
    async def _holding(self, link: Link) -> AsyncIterator[Link]:
        """Hold events back during a read of earlier ones."""
        self._held = []
        try:
            yield link
        finally:
            if self._link is link:
                held, self._held = self._held, None
                for frame in held:
                    self._advance(frame)

    def _caught_up(self, topics: dict[str, Any]) -> None:
        for topic, state in topics.items():
            if not state["recovered"]:
                self._joined(topic, state)
                continue
            for frame in state["events"]:
                self._event(frame)
            self.journal.reach(topic, state["head"])
            self._acknowledge(topic)

    def _acknowledge(self, topic: str) -> None:
        """Note that a topic has moved; one receipt covers all events that arrive within a moment."""
        if not self._receipts:
            asyncio.get_running_loop().call_later(RECEIPT_AFTER_S, lambda: self._start(self._send_receipt()))
        if topic in self.journal.streams:
            self._receipts[topic] = self.journal.streams[topic].cursor

    async def _send_receipt(self) -> None:
        delivered, self._receipts = self._receipts, {}
        seen, self._seen = self._seen, {}
        if self._link is not None:
            told = {"type": "receipt", "epoch": self.epoch, "delivered": delivered, "seen": seen}
            await self._link.tell(told)

    def _offered(self, task: str) -> None:
        self.offers.add(task)
        if task not in self._considered:
            self._considered.add(task)
            self._start(self._consider(task))

    async def _consider(self, task: str) -> None:
        """Look at an offer after a delay; answer it, or leave it."""
        body = self.habits.answer(self.dice)
        delay = self.habits.delay(self.dice)
        await asyncio.sleep(delay / 3)
        self._see()
        if body is None:
            return
        await asyncio.sleep(delay * 2 / 3)
        outcome = await self._command("assignment.answer", uuid7(), {"task": task, **body})
        self.answers[task] = Answer(body["answer"], outcome, time.monotonic())

    def _see(self) -> None:
        for topic, stream in self.journal.streams.items():
            if topic.startswith("unit.") and stream.shown:
                self._seen[topic] = stream.cursor
                self._acknowledge(topic)

    async def _command(self, type: str, key: UUID, body: dict[str, Any]) -> str:
        """Act by socket; return the status or the problem's type."""
        try:
            return str((await self.act(type, key, body))["status"])
        except Problem as problem:
            return str(problem.problem["type"])

    async def act(self, type: str, key: UUID, body: dict[str, Any]) -> dict[str, Any]:
        """Act by socket, with the same key again after a loss; return the result. Raises Problem for a refusal."""
        while True:
            await self.connected.wait()
            if self._link is None:
                await asyncio.sleep(0.1)
                continue
            try:
                result: dict[str, Any] = await self._link.ask(type, key=key, body=body)
            except Problem as problem:
                if problem.problem.get("status", 0) < 500:
                    raise
            except Gone:
                pass
            else:
                self.replies.append((str(key), result))
                return result
            await asyncio.sleep(0.5)

    async def _report_position(self) -> None:
        if self.on_duty and self.habits.positions:
            frame = self.tracker.report(self._every["position_every_s"])
            if frame is not None and self._link is not None:
                await self._link.tell(frame)

    async def _resend_positions(self) -> None:
        for frame in self.tracker.unconfirmed():
            if self._link is not None:
                await self._link.tell(frame)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def until_gone() -> None:
            with suppress(Gone, Problem, Unreachable, Refused):
                await work

        if self._put_away:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(until_gone())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # for a task that is cancelled before it begins
