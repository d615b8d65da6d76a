"""What a trial has in its hands: the proxy, the leader, the person with the phone, and words for what it waits for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.conformance.checks import act_of, is_welcome, receipt_in
from simulator.conformance.hands import Hands
from simulator.conformance.leader import Leader, Order
from simulator.conformance.proxy import Mischief, Proxy
from simulator.conformance.sockets import Socket
from simulator.conformance.trace import Answered, Asked, Frame, Kind, NotSeen, Seen, Sent, Told, Wished
from simulator.conformance.verdict import CheckName, Fault, Unseen, Wrong

COMES_BACK_S = 40.0
"""Seconds of the phone after which it must have connected again: the longest pause is 30."""
RECEIPT_S = 1.0


Complaint = tuple[CheckName, str]
"""What is said when the phone does not do, or does, what is waited for."""


@dataclass(frozen=True, slots=True)
class Call:
    """Where an order stands in a topic that the phone was told."""

    topic: str
    seq: int


@dataclass
class Scene:
    """One trial that is played. Times are seconds of the phone, which run `pace` times faster."""

    proxy: Proxy
    leader: Leader
    hands: Hands
    rule: str
    slack_s: float
    """Seconds of ours that are given beside those of the phone."""
    since: int = 0
    orders: list[Order] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.since = self.proxy.trace.mark

    @property
    def pace(self) -> int:
        """How much faster the phone's time runs."""
        return self.proxy.disguise.pace

    @property
    def mischief(self) -> Mischief:
        """What is done to the phone now."""
        return self.proxy.mischief

    @property
    def mark(self) -> int:
        """This moment, to look from it later."""
        return self.proxy.trace.mark

    def after(self, entry: Seen) -> int:
        """Return the place behind an entry, to look from it later."""
        return self.proxy.trace.entries.index(entry) + 1

    def fair(self) -> None:
        """Let everything pass again."""
        self.proxy.mischief = Mischief()

    # --- waiting

    async def sees(
        self,
        kind: type[Kind],
        where: Callable[[Kind], bool],
        what: str,
        *,
        since: int | None = None,
        within: float | None = None,
    ) -> Kind:
        """Return what the person or the phone does that this trial is about. Raises Unseen.

        It says nothing about the phone, so it is waited for as long as for a person's wish at least.
        """
        within_s = max(self.hands.patience_s, (within or 0) / self.pace + self.slack_s)
        begin = self.since if since is None else since
        try:
            return await self.proxy.trace.first(kind, where, since=begin, within_s=within_s)
        except NotSeen:
            raise Unseen(what) from None

    async def may(
        self, kind: type[Kind], where: Callable[[Kind], bool], *, since: int, within: float
    ) -> Kind | None:
        """Return what the phone does within these seconds; it is free to do it or not."""
        try:
            return await self.proxy.trace.first(
                kind, where, since=since, within_s=within / self.pace + self.slack_s
            )
        except NotSeen:
            return None

    async def must(
        self,
        kind: type[Kind],
        where: Callable[[Kind], bool],
        fault: Complaint,
        *,
        since: int,
        within: float,
        rule: str = "",
    ) -> Kind:
        """Return what the phone must do within these seconds. Raises Wrong."""
        done = await self.may(kind, where, since=since, within=within)
        if done is None:
            raise Wrong(Fault(*fault, rule or self.rule))
        return done

    async def never(
        self,
        kind: type[Kind],
        where: Callable[[Kind], bool],
        fault: Complaint,
        *,
        since: int,
        within: float,
    ) -> None:
        """Watch that the phone does not do something for these seconds. Raises Wrong."""
        try:
            found = await self.proxy.trace.first(kind, where, since=since, within_s=within / self.pace)
        except NotSeen:
            return
        raise Wrong(Fault(*fault, self.rule, found))

    async def passes(self, seconds: float) -> None:
        """Let some of the phone's time pass."""
        await asyncio.sleep(seconds / self.pace)

    # --- what is common

    async def is_in(self) -> Socket:
        """Return the phone's socket once its hello has been answered, now or soon. Raises Unseen."""
        if not (socket := self._greeted()):
            await self.sees(Told, is_welcome, "the phone did not connect", since=self.mark)
            socket = self._greeted()
        if socket is None:
            raise Unseen("the phone did not stay connected")
        return socket

    def _greeted(self) -> Socket | None:
        greeted = {told.socket for told in self.proxy.trace.all(Told, is_welcome)}
        return next((each for each in self.proxy.open_sockets if each.number in greeted), None)

    async def comes_back(self, since: int, within: float = COMES_BACK_S) -> Told:
        """Wait for the next reply to hello, which the phone must bring about. Raises Wrong."""
        fault: Complaint = "comes-back", f"The phone did not connect again within {within:.0f} s."
        return await self.must(
            Told, is_welcome, fault, since=since, within=within, rule="connecting.md#coming-back"
        )

    async def hello(self, since: int) -> Sent:
        """Return the next hello, which the phone must say. Raises Wrong."""
        fault: Complaint = "comes-back", f"The phone did not connect again within {COMES_BACK_S:.0f} s."
        return await self.must(
            Sent,
            is_hello,
            fault,
            since=since,
            within=COMES_BACK_S,
            rule="connecting.md#coming-back",
        )

    async def wish(self, word: str, order: Order | None = None) -> None:
        """Ask the person for something."""
        self.proxy.trace.add(Wished(word=word, task=order.id if order else ""))
        await self.hands.wish(word, order)

    async def call_out(self) -> Order:
        """Let the leader call the volunteer out."""
        order = await self.leader.call_out()
        self.orders.append(order)
        return order

    async def is_called(self, order: Order, since: int) -> Call:
        """Wait until the phone was told of an order, by either door. Raises Unseen."""
        entry = await self.sees(
            Seen,
            lambda entry: call_in(entry, order) is not None,
            "the order did not reach the phone",
            since=since,
            within=COMES_BACK_S,
        )
        call = call_in(entry, order)
        assert call is not None
        return call

    async def ordered(self) -> tuple[Order, Call]:
        """Call out while all is well, and wait until the phone was told. Raises Unseen."""
        await self.is_in()
        since = self.mark
        order = await self.call_out()
        return order, await self.is_called(order, since)

    async def receipted(self, call: Call, since: int) -> None:
        """Wait for the receipt of an order, which must come within a second. Raises Wrong."""
        fault: Complaint = (
            "receipt-missing",
            f"No receipt said that number {call.seq} of {call.topic} was delivered.",
        )
        await self.must(
            Seen,
            lambda entry: covers(entry, "delivered", call.topic, call.seq),
            fault,
            since=since,
            within=RECEIPT_S,
            rule="frames.md#receipts",
        )

    async def acts_again(self, first: Seen, since: int, within: float = COMES_BACK_S) -> Seen:
        """Wait until an act goes out again by either door; with which key is checked for every act. Raises Wrong."""
        act = act_of(first)
        assert act is not None

        def same(entry: Seen) -> bool:
            again = act_of(entry)
            return again is not None and again.name == act.name

        fault: Complaint = (
            "lost-act",
            f"The act was not sent again within {within:.0f} s, although no answer came.",
        )
        return await self.must(
            Seen, same, fault, since=since, within=within, rule="offline.md#acts-happen-once"
        )

    async def is_done(self, order: Order) -> None:
        """Wait until the phone has been given the result of its answer. Raises Wrong."""

        def done(entry: Seen) -> bool:
            if isinstance(entry, Told):
                result = entry.frame.get("result")
            else:
                result = entry.body if isinstance(entry, Answered) and entry.reached else None
            return isinstance(result, dict) and result.get("task") == order.id

        fault: Complaint = "lost-act", "The answer was not sent until its result came."
        await self.must(Seen, done, fault, since=self.since, within=COMES_BACK_S)

    async def stands(self, order: Order, state: str = "accepted") -> None:
        """Ask the real server what has become of the volunteer's part. Raises Wrong."""
        found = await self.leader.state_of(order)
        if found != state:
            text = f"In the end the server knows the answer as “{found}”, not as “{state}”."
            raise Wrong(Fault("truth", text, "offline.md#acts-happen-once"))

    async def is_done_and_stands(self, order: Order) -> None:
        """Wait until the phone knows the result of its answer, and see that the server knows the same. Raises Wrong."""
        await self.is_done(order)
        await self.stands(order)


def is_hello(sent: Sent) -> bool:
    """Tell whether a frame is hello."""
    return sent.frame.get("type") == "hello"


def is_call(frame: Frame, order: Order) -> bool:
    """Tell whether a frame calls to an order."""
    if frame.get("type") != "task.called":
        return False
    return bool(frame["data"]["task"]["id"] == order.id)


def call_in(entry: Seen, order: Order) -> Call | None:
    """Return where an order stands in what the phone was told: an event, a snapshot, or what it has caught up with."""
    if isinstance(entry, Told):
        if is_call(entry.frame, order):
            return Call(entry.frame["topic"], entry.frame["seq"])
        told = entry.frame.get("result")
    else:
        told = entry.body if isinstance(entry, Answered) and entry.reached else None
    topics = told.get("topics") if isinstance(told, dict) else None
    return _call_in_topics(topics, order) if isinstance(topics, dict) else None


def _call_in_topics(topics: Frame, order: Order) -> Call | None:
    for topic, joined in topics.items():
        for event in joined.get("events") or ():
            if is_call(event, order):
                return Call(topic, event["seq"])
        offers = (joined.get("snapshot") or {}).get("offers") or {"items": []}
        if any(item["task"]["id"] == order.id for item in offers["items"]):
            return Call(topic, joined["head"])
    return None


def is_answer(entry: Seen, order: Order) -> bool:
    """Tell whether an entry answers an order, by either door."""
    act = act_of(entry)
    return act is not None and act.name.startswith("assignment.answer") and order.id in act.name


def covers(entry: Seen, word: str, topic: str, seq: int) -> bool:
    """Tell whether an entry is a receipt, by either door, that reaches a number."""
    said = receipt_in(entry)
    numbers = said.get(word) if said else None
    return isinstance(numbers, dict) and isinstance(numbers.get(topic), int) and numbers[topic] >= seq


def opens(asked: Asked) -> bool:
    """Tell whether a request opens a socket."""
    return asked.opens
