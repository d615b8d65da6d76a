"""What the kit changes in all that it carries: the epoch of the log, and seconds for a phone whose time runs faster."""

import secrets
from dataclasses import dataclass, field
from typing import Any

SECONDS = {"heartbeat_s", "position_every_s", "every_s", "retry_after_s", "access_expires_in_s"}
NO_EPOCH = "0" * 32


@dataclass
class Disguise:
    """Between the phone and the server. `pace` says how much faster the phone's time runs than ours."""

    pace: int = 1
    _real: str = ""
    _told: str = ""
    _void: set[str] = field(default_factory=set)

    def put_back(self) -> None:
        """Let the log be another one from here on, as after a database was put back to an earlier moment."""
        if self._told:
            self._void.add(self._told)
        self._told = secrets.token_hex(16)

    def up(self, text: str) -> str:
        """Return what the server is told: an epoch that is over is none of its own."""
        if not self._told:
            return text
        for over in (self._real, *self._void):
            text = text.replace(over, NO_EPOCH)
        return text.replace(self._told, self._real)

    def epoch(self, told: str) -> str:
        """Return the epoch that the phone is told."""
        self._real = told or self._real
        return self._told or told

    def down(self, body: Any) -> Any:
        """Return what the phone is told."""
        if isinstance(body, list):
            return [self.down(item) for item in body]
        if not isinstance(body, dict):
            return body
        return {name: self._member(name, value) for name, value in body.items()}

    def _member(self, name: str, value: Any) -> Any:
        if name == "epoch" and isinstance(value, str):
            return self.epoch(value)
        if name in SECONDS and isinstance(value, int | float):
            return value * self.pace
        return self.down(value)
