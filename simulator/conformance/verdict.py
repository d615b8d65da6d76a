"""What a trial comes to: passed, failed with what the phone did wrong, or not seen."""

from dataclasses import dataclass, field
from typing import Literal

from simulator.conformance.trace import Seen

Outcome = Literal["passed", "failed", "not seen"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a phone did wrong: the name of the check, in words, the rule, and where it was seen."""

    check: str
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
