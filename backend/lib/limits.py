"""The limits that an operator sets: how often phones report, how long a duty lasts, how long events are kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """The setting `MUSTER`; values that end in `_s` are in seconds."""

    heartbeat_s: int
    position_every_s: int
    position_every_on_task_s: int
    clock_inside: bool
    """Whether the web process runs the clock in a thread of its own."""
    max_duty: timedelta
    events_kept: timedelta
    events_kept_per_topic: int
