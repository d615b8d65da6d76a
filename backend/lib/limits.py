"""How often phones report, how long a duty lasts, and how long events are kept: what an operator sets of it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """The setting `MUSTER`; what ends in `_s` is in seconds."""

    heartbeat_s: int
    position_every_s: int
    position_every_on_task_s: int
    clock_inside: bool
    """Whether the web process does what falls due, in a thread of its own."""
    max_duty: timedelta
    events_kept: timedelta
    events_kept_per_topic: int
