"""What a trial comes to: passed, failed with what the phone did wrong, or not seen."""

from dataclasses import dataclass, field
from typing import Literal

from simulator.conformance.trace import Seen

CheckName = Literal[
    "backoff",
    "comes-back",
    "cursor",
    "cursors-forgotten",
    "cursors-kept",
    "deleted",
    "device",
    "epoch",
    "frame",
    "frame-id",
    "gap",
    "hello",
    "hole",
    "impatient",
    "key",
    "lost-act",
    "lost-positions",
    "new-token",
    "one-act",
    "receipt",
    "receipt-missing",
    "renewal",
    "renews-late",
    "retry-after",
    "revoked",
    "same-key",
    "seen-missing",
    "seen-too-early",
    "silence",
    "snapshot",
    "stay-away",
    "stored-first",
    "subprotocol",
    "time-limit",
    "token-in-address",
    "truth",
    "unknown",
    "went-back",
]
"""What can be found. Each has a phone in the tests that does it wrong."""
Outcome = Literal["passed", "failed", "not seen"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a phone did wrong: the name of the check, in words, the rule, and where it was seen."""

    check: CheckName
    text: str
    rule: str
    evidence: Seen | None = None


class Wrong(Exception):
    """A trial has seen a fault and cannot go on."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.text)


class Unseen(Exception):
    """The phone, or its person, did not do what the trial is about."""


@dataclass
class Verdict:
    """What became of one trial."""

    trial: str
    outcome: Outcome
    faults: list[Fault] = field(default_factory=list)
    why: str = ""
    """What was not seen."""
    took_s: float = 0.0
