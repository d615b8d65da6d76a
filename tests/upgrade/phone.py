"""A member's phone through an upgrade: it writes down what it was shown, and goes on from there."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.flows.installation import Installation, Phone, Reached
from tests.upgrade.force import PATIENCE_S, Force

PAUSE_S = 0.2


@dataclass
class Pocket:
    """One phone, and where it finds the servers."""

    who: str
    socket: Phone
    reached: Reached
    shown: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, who: str, at: Installation) -> "Pocket":
        """Connect a phone that knows nothing yet."""
        socket = at.phone(who, hello=False)
        return cls(who, socket, Reached.by(socket.ask({"type": "hello", "id": 1})["result"]))

    def come_back(self, at: Installation) -> None:
        """Connect again with what is written down; nothing begins afresh."""
        self.socket = at.phone(self.who, hello=False)
        welcome = self.socket.ask(self.reached.hello())["result"]
        assert welcome["epoch"] == self.reached.epoch
        assert all(topic["recovered"] for topic in welcome["topics"].values()), welcome["topics"]

    def await_order(self, task: str) -> None:
        """Take what comes until an order has come, and say that it did."""
        until = time.monotonic() + PATIENCE_S
        while not self.shown[task]:
            assert time.monotonic() < until, f"{self.who} was not shown {task}"
            frame = self._next()
            assert "close" not in frame, frame
        self.socket.send(self.reached.receipt())

    def await_end(self) -> None:
        """Take what comes until the server sends the phone away."""
        while "close" not in (frame := self._next()):
            pass
        assert frame == {"close": 1012}
        self.socket.close()

    def accept(self, task: str, key: str) -> dict[str, Any]:
        """Accept an order over the socket; returns the whole reply."""
        body = {"task": task, "answer": "accept", "eta_min": 10}
        self.socket.send({"id": 7, "type": "assignment.answer", "key": key, "body": body})
        while "reply" not in (frame := self._next()):
            assert "close" not in frame, frame
        return frame

    def _next(self) -> dict[str, Any]:
        frame = self.socket.next()
        if "seq" in frame:
            assert frame["seq"] > self.reached.cursors.get(frame["topic"], 0), "it was shown this already"
            self.reached.cursors[frame["topic"]] = frame["seq"]
            if frame["type"] == "task.called":
                self.shown[frame["data"]["task"]["id"]] += 1
        return frame


class Traffic:
    """People who act all the time, in a thread of their own; `faults` are what the server failed at."""

    def __init__(self, force: Force) -> None:
        self.force = force
        self.rounds = 0
        self.faults: list[str] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._act, daemon=True)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(60)

    def _act(self) -> None:
        while not self._stopped.wait(PAUSE_S):
            self.faults += self.force.faults()
            self.rounds += 1
