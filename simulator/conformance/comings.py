"""Checks when a phone comes back: not before the documented pause, not at all after some codes, with a new token."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from simulator.conformance.checks import is_welcome
from simulator.conformance.reconnect import LOST, NEW_TOKEN, REVOKED, STOP, least_pause
from simulator.conformance.trace import Answered, Asked, Closed, Opened, Seen, Told, Wished
from simulator.conformance.verdict import Fault

RULE = "close_codes.md"
DOOR = "/ws/v1/"
TOLERANCE = 0.9
"""A phone's clock may be so much off."""
SLACK_S = 0.05
"""So long a phone's own close may be under way."""


@dataclass
class Comings:
    """Follows one phone's connections. `pace` says how much faster its time runs."""

    pace: int
    failures: int = 0
    code: int = 0
    lost_at: float = -math.inf
    least_s: float = 0.0
    slack_s: float = 0.0
    token: str = ""
    given_s: float | None = None
    is_free: bool = True
    may_try_newer: bool = False
    tokens: dict[int, str] = field(default_factory=dict)

    def judge(self, trace: Sequence[Seen]) -> Iterator[Fault]:
        """Yield what is wrong with each connection of the trace."""
        for entry in trace:
            if isinstance(entry, Asked) and _comes(entry):
                yield from self._opens(entry)
            self._take(entry)

    def _take(self, entry: Seen) -> None:
        match entry:
            case Opened(socket=socket, asked=asked):
                self.tokens[socket] = asked.token
            case Answered(asked=asked) if _comes(asked):
                self._lost(LOST, asked.token, entry.at)
            case Closed(socket=socket, code=code, by=by):
                self._lost(LOST if by == "phone" else code, self.tokens.get(socket, ""), entry.at)
                self.slack_s = SLACK_S if by == "phone" else 0.0
            case Told(frame={"type": "restarting", "retry_after_s": int() | float() as given}):
                self.given_s = given
            case Wished(word="start" | "sign-in"):
                self.is_free = True
        if is_welcome(entry):
            self.failures, self.is_free = 0, False

    def _lost(self, code: int, token: str, at: float) -> None:
        self.code, self.token, self.lost_at = code, token, at
        self.least_s = least_pause(code, self.failures, self.given_s)
        self.failures += 1
        self.slack_s = 0.0
        self.given_s, self.is_free, self.may_try_newer = None, False, code == REVOKED

    def _opens(self, asked: Asked) -> Iterator[Fault]:
        if self.is_free or self.lost_at == -math.inf:
            return
        if self.code in STOP:
            if self.may_try_newer and asked.token not in ("", self.token):
                self.may_try_newer = False  # once, with newer tokens than that socket had
                return
            text = f"The phone connects again after {self.code}, which says that it must not."
            yield Fault("stay-away", text, RULE, asked)
            return
        if self.code in NEW_TOKEN and asked.token == self.token:
            text = f"The phone connects again after {self.code} with the same token."
            yield Fault("new-token", text, RULE, asked)
        waited = (asked.at - self.lost_at) * self.pace
        if waited < self.least_s * TOLERANCE - self.slack_s * self.pace:
            text = f"The phone connects again {waited:.1f} s after {self.code}; {self.least_s:.1f} s is the least"
            yield Fault("backoff", f"{text} (failure {self.failures} in a row).", RULE, asked)


def _comes(asked: Asked) -> bool:
    """Tell whether the app connects; that its library follows a redirect is not another attempt."""
    return asked.opens and asked.path == DOOR
