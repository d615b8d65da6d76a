"""Phones that do one thing wrong each, the trial in which it shows, and the check that finds it."""

from typing import Any

from uuid6 import uuid7

from simulator.conformance.leader import Order
from simulator.conformance.trace import Frame
from simulator.conformance.verdict import CheckName
from tests.conformance.phone import STOP, Act, Phone


class MakesNewKeys(Phone):
    def key_of(self, act: Act) -> str:
        return str(uuid7())


class MakesKeysOfItsOwnKind(Phone):
    def key_of(self, act: Act) -> str:
        return act.task[:8]


class KeepsOneKey(Phone):
    def key_of(self, act: Act) -> str:
        return self.device


class AnswersOtherwise(Phone):
    def answer(self) -> str:
        return "decline"


class ForgetsActs(Phone):
    async def send_act(self) -> None:
        await super().send_act()
        self.queue = self.queue[1:]


class SaysSeenAtOnce(Phone):
    async def receipt(self, numbers: dict[str, int]) -> None:
        await super().receipt(numbers)
        await self.send({"type": "receipt", "epoch": self.epoch, "seen": numbers})


class NeverSaysSeen(Phone):
    async def look(self, order: Order) -> None:
        pass


class SendsNoReceipts(Phone):
    async def receipt(self, numbers: dict[str, int]) -> None:
        pass


class ReceiptsWhatHeartbeatsName(Phone):
    async def heartbeat(self, frame: Frame) -> None:
        await self.receipt(frame["heads"])
        await super().heartbeat(frame)


class ReceiptsBeforeItStores(Phone):
    def named(self) -> Frame:
        return {
            "epoch": self.epoch,
            "cursors": {topic: max(0, seq - 1) for topic, seq in self.cursors.items()},
        }


class NamesTooHighCursors(Phone):
    def named(self) -> Frame:
        return {"epoch": self.epoch, "cursors": {topic: seq + 1 for topic, seq in self.cursors.items()}}


class ForgetsItsCursors(Phone):
    def named(self) -> Frame:
        return {"epoch": self.epoch, "cursors": {}}


class TakesOldEvents(Phone):
    async def event(self, frame: Frame) -> None:
        self.cursors[frame["topic"]] = min(frame["seq"], self.cursors.get(frame["topic"], 0))
        await super().event(frame)
        self.cursors[frame["topic"]] = frame["seq"]


class IgnoresGaps(Phone):
    async def heartbeat(self, frame: Frame) -> None:
        pass


class IgnoresHoles(Phone):
    def is_hole(self, topic: str, seq: int) -> bool:
        return False


class KeepsHigherCursors(Phone):
    def begin(self, topic: str, head: int) -> None:
        self.cursors[topic] = max(head, self.cursors.get(topic, 0))


class KeepsRevokedTopics(Phone):
    def revoked(self, topic: str) -> None:
        pass


class KeepsItsEpoch(Phone):
    def named(self) -> Frame:
        self.first = getattr(self, "first", "") or self.epoch
        return {"epoch": self.first, "cursors": dict(self.cursors)}


class LeavesAtTheUnknown(Phone):
    async def take(self, frame: Frame) -> None:
        if frame.get("type") == "weather.changed":
            self.drop()
        await super().take(frame)


class Hammers(Phone):
    def backoff(self, failures: int) -> float:
        return 0


class ComesBackThoughStopped(Phone):
    async def pause_after(self, code: int, failures: int) -> float | None:
        return 1 if code in STOP else await super().pause_after(code, failures)


class GivesUp(Phone):
    async def pause_after(self, code: int, failures: int) -> float | None:
        return None


class KeepsItsToken(Phone):
    async def pause_after(self, code: int, failures: int) -> float | None:
        return 1 if code == 4401 else await super().pause_after(code, failures)


class KeepsCursorsOfAnotherNumber(Phone):
    async def pause_after(self, code: int, failures: int) -> float | None:
        return await super().pause_after(4401 if code == 4404 else code, failures)


class KeepsWhatWasRevoked(Phone):
    def forget(self) -> None:
        self.tokens = {}


class MakesNewDevices(Phone):
    def device_id(self) -> str:
        return str(uuid7())


class PutsItsTokenIntoTheAddress(Phone):
    def url(self) -> str:
        return f"{super().url()}?access_token={self.tokens['access']}"


class NamesNoVersion(Phone):
    def subprotocols(self) -> list[str]:
        return ["v1.muster", "muster.v1"]


class SaysHelloTwice(Phone):
    async def welcomed(self, welcome: Frame) -> None:
        await super().welcomed(welcome)
        await self.send({"id": self.next_id(), "type": "hello", **self.named(), "client": {"app": "test"}})


class SendsWhatIsNoFrame(Phone):
    async def welcomed(self, welcome: Frame) -> None:
        await super().welcomed(welcome)
        await self.send({"kind": "ping"})


class UsesIdsAgain(Phone):
    def next_id(self) -> int:
        return 1


class RenewsTwiceAtOnce(Phone):
    async def renew(self) -> bool:
        self.later(super().renew())
        return await super().renew()


class RenewsAfterTheEnd(Phone):
    async def renew_in_time(self, access: str) -> None:
        pass


class GoesOnAtOnceThoughBusy(Phone):
    async def try_later(self, seconds: float) -> None:
        await super().try_later(1)


class WaitsForNoHello(Phone):
    def hello_s(self) -> float:
        return 5


class WaitsForeverForReplies(Phone):
    async def watch(self, act: Act, socket: Any) -> None:
        pass


class NeverDropsADeadLine(Phone):
    def silence_s(self) -> float:
        return 1_000


class ForgetsPositions(Phone):
    async def position(self) -> None:
        await super().position()
        self.fixes = []


Wrong = tuple[type[Phone], str, CheckName]
WRONG: list[Wrong] = [
    (MakesNewKeys, "lost-command", "same-key"),
    (MakesKeysOfItsOwnKind, "order", "key"),
    (KeepsOneKey, "hole", "one-act"),
    (AnswersOtherwise, "order", "truth"),
    (ForgetsActs, "lost-command", "lost-act"),
    (SaysSeenAtOnce, "locked", "seen-too-early"),
    (NeverSaysSeen, "order", "seen-missing"),
    (SendsNoReceipts, "order", "receipt-missing"),
    (ReceiptsWhatHeartbeatsName, "gap", "receipt"),
    (ReceiptsBeforeItStores, "close-1006", "stored-first"),
    (NamesTooHighCursors, "close-1006", "cursor"),
    (ForgetsItsCursors, "close-1006", "cursors-kept"),
    (TakesOldEvents, "twice", "went-back"),
    (IgnoresGaps, "gap", "gap"),
    (IgnoresHoles, "hole", "hole"),
    (KeepsHigherCursors, "snapshot", "snapshot"),
    (KeepsRevokedTopics, "revoked", "revoked"),
    (KeepsItsEpoch, "put-back", "epoch"),
    (LeavesAtTheUnknown, "unknown", "unknown"),
    (Hammers, "refused", "backoff"),
    (ComesBackThoughStopped, "close-4400", "stay-away"),
    (GivesUp, "close-1006", "comes-back"),
    (KeepsItsToken, "close-4401", "new-token"),
    (KeepsCursorsOfAnotherNumber, "close-4404", "cursors-forgotten"),
    (KeepsWhatWasRevoked, "close-4403", "deleted"),
    (MakesNewDevices, "close-4403", "device"),
    (PutsItsTokenIntoTheAddress, "sign-in", "token-in-address"),
    (NamesNoVersion, "sign-in", "subprotocol"),
    (SaysHelloTwice, "sign-in", "hello"),
    (SendsWhatIsNoFrame, "sign-in", "frame"),
    (UsesIdsAgain, "order", "frame-id"),
    (RenewsTwiceAtOnce, "close-4401", "renewal"),
    (RenewsAfterTheEnd, "short-token", "renews-late"),
    (GoesOnAtOnceThoughBusy, "busy", "retry-after"),
    (WaitsForNoHello, "slow-hello", "impatient"),
    (WaitsForeverForReplies, "slow-reply", "time-limit"),
    (NeverDropsADeadLine, "silence", "silence"),
    (ForgetsPositions, "positions", "lost-positions"),
]
