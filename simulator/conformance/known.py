"""How far a phone can know each topic, by what has reached it: its cursors and receipts are measured by that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.conformance.trace import Answered, Frame, Kept, Over, Seen, Sent, Told


@dataclass
class Known:
    """The most that a phone can know at a moment. Take every entry of the trace in its order."""

    epoch: str = ""
    most: dict[str, int] = field(default_factory=dict)
    """The highest number of each topic that has reached the phone."""
    lost: dict[str, int] = field(default_factory=dict)
    """The lowest number of each topic that was kept from it and has not come since."""
    reported: dict[str, int] = field(default_factory=dict)
    """The highest number that it said was delivered."""
    _joining: dict[tuple[int, int], str] = field(default_factory=dict)

    def take(self, entry: Seen) -> None:
        """Take one entry of the trace."""
        match entry:
            case Told(frame=frame, socket=socket):
                self._told(frame, socket)
            case Kept(frame=frame) if "seq" in frame:
                if frame["seq"] > self.most.get(frame["topic"], 0):
                    self.lost.setdefault(frame["topic"], frame["seq"])
            case Over():
                self.lost.clear()
            case Sent(frame=frame, socket=socket):
                if frame.get("type") == "topic.join" and isinstance(frame.get("id"), int):
                    self._joining[socket, frame["id"]] = str((frame.get("body") or {}).get("topic", ""))
            case Answered(status=200, reached=True, body={"topics": dict(topics), "epoch": str(epoch)}):
                self._enter(epoch)
                self._caught_up(topics)

    def bound(self, topic: str) -> int:
        """Return the highest number that a phone may name for a topic."""
        most = self.most.get(topic, 0)
        return min(most, self.lost[topic] - 1) if topic in self.lost else most

    def report(self, topic: str, seq: int) -> None:
        """Take what the phone says was delivered."""
        self.reported[topic] = max(seq, self.reported.get(topic, 0))

    def begin(self, topic: str, head: int) -> None:
        """Put a snapshot in the place of all that was known of a topic."""
        self.most[topic] = head
        self.lost.pop(topic, None)
        self.reported.pop(topic, None)

    def _told(self, frame: Frame, socket: int) -> None:
        match frame:
            case {"reply": _, "result": {"topics": dict(topics), "epoch": str(epoch)}}:
                self._enter(epoch)
                self._welcome(topics)
            case {"reply": int(id), "result": {"recovered": False, "head": int(head)}}:
                if topic := self._joining.pop((socket, id), ""):
                    self.begin(topic, head)
            case {"type": "topic.joined", "topic": str(topic), "head": int(head)}:
                self.begin(topic, head)
            case {"type": "topic.revoked", "topic": str(topic)}:
                self.most.pop(topic, None)
                self.reported.pop(topic, None)
            case {"topic": str(topic), "seq": int(seq)}:
                self._event(topic, seq)
            case {"type": "caught_up", "topics": dict(numbers)} | {
                "type": "heartbeat",
                "through": dict(numbers),
            }:
                self._through(numbers)

    def _enter(self, epoch: str) -> None:
        if epoch != self.epoch:
            self.epoch, self.most, self.lost, self.reported = epoch, {}, {}, {}

    def _welcome(self, topics: Mapping[str, Any]) -> None:
        for topic in set(self.most) - set(topics):
            if not topic.startswith("task."):
                del self.most[topic]
        for topic, joined in topics.items():
            if not joined["recovered"]:
                self.begin(topic, joined["head"])

    def _caught_up(self, topics: Mapping[str, Any]) -> None:
        for topic, found in topics.items():
            if not found.get("recovered", True):
                self.begin(topic, found["head"])
                continue
            for event in found.get("events") or ():
                self._event(topic, event["seq"])
            if topic not in self.lost:
                self.most[topic] = max(found["head"], self.most.get(topic, 0))

    def _event(self, topic: str, seq: int) -> None:
        if self.lost.get(topic) == seq:
            del self.lost[topic]
        self.most[topic] = max(seq, self.most.get(topic, 0))

    def _through(self, numbers: Mapping[str, int]) -> None:
        for topic, number in numbers.items():
            if topic not in self.lost:
                self.most[topic] = max(number, self.most.get(topic, 0))
