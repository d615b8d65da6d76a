"""The one source of time: `now()` is the machine's time, or in a rehearsal a time that is set and runs faster.

What goes by it: everything that rules compare, rows store, tokens carry and pages show. What does not, and why:

- the order of the log and of its topics, and the leases between processes: the database's time, for the clocks of
  machines differ;
- intervals inside a process (keep-alive, patience, turns): `time.monotonic`, which no clock change moves;
- libraries that take no clock: Django's sessions and signatures, the lock-out of guesses, the check of a JWT. A token's
  times are written for them in the machine's time (`machine_time`); a rehearsal ends within the days of a session.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Course:
    """How time runs in a rehearsal: at the machine's `since` it was `shows`, and a second of it is `rate` seconds."""

    shows: datetime
    since: datetime
    rate: float = 1.0

    def __post_init__(self) -> None:
        """Raise ValueError for a course that cannot be followed."""
        if self.shows.tzinfo is None or self.since.tzinfo is None:
            raise ValueError("CLOCK_SHOWS and CLOCK_SINCE need a time zone: 2026-03-01T20:00:00+08:00")
        if not 0.1 <= self.rate <= 1_000:
            raise ValueError("CLOCK_RATE is between 0.1 and 1000")


def read_course(shows: str, since: str, rate: float) -> Course | None:
    """Return the course that CLOCK_SHOWS, CLOCK_SINCE and CLOCK_RATE describe; None where none of them is set.

    `since` is the same for all processes of an installation, so that they agree. Raises ValueError.
    """
    if not shows and not since and rate == 1.0:
        return None
    if not since:
        raise ValueError("CLOCK_SINCE is missing: the moment of the machine at which the rehearsal began")
    began = datetime.fromisoformat(since)
    return Course(datetime.fromisoformat(shows) if shows else began, began, rate)


_course: Course | None = None


def follow(course: Course | None) -> None:
    """Let time run by a course from now on, in this process; None: by the machine."""
    global _course  # one time for the whole process
    _course = course


def now() -> datetime:
    """Return the time at the edge; everything below receives it as `at`."""
    return product_time(machine_now())


def machine_now() -> datetime:
    """Return the machine's own time: beside stamps of the database, and for libraries that take no clock."""
    return datetime.now(UTC)


def machine_time(at: datetime) -> datetime:
    """Return when the machine's clock shows what is `at` in the product."""
    return at if _course is None else _course.since + (at - _course.shows) / _course.rate


def product_time(moment: datetime) -> datetime:
    """Return the product's time at a moment of the machine's clock; the reverse of `machine_time`."""
    return moment if _course is None else _course.shows + (moment - _course.since) * _course.rate


def rate() -> float:
    """Return how many seconds pass in one of the machine's."""
    return 1.0 if _course is None else _course.rate


def passing(machine: timedelta) -> timedelta:
    """Return how much time passes in the product while the machine's clock goes on by so much."""
    return machine * rate()
