"""The limits that an operator sets: reports of phones, the length of a duty, how long events and sign-ins are kept."""

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
    idle_without_post: timedelta
    """For how long a device stays signed in without being used, of a person without rights over others."""
    left_to_partner: timedelta
    """For how long a partner's leader phones its people whom an order has not reached, before the issuer sees them."""
    sign_in_code: timedelta
    """For how long a code to sign in is good, which a leader reads out."""
