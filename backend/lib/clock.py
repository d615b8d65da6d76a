"""The one source of time: `now()` is the machine's time, or in a rehearsal a set time at a set rate.

All times that rules compare, rows store, tokens carry and pages show come from it. Three kinds do not:

- the order of the log and of its topics, and the leases between processes: these use the database's time, because the
  clocks of machines differ;
- intervals inside a process (keep-alive, patience, turns): these use `time.monotonic`, which no clock change moves;
- libraries that take no clock: Django's sessions and signatures, the lock-out after wrong passwords, the check of a
  JWT. The times of a token are converted for them (`machine_time`). A rehearsal ends within the days of a session.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Course:
    """The clock of a rehearsal: it was `shows` at the machine's `since`, and a real second is `rate` seconds in it."""

    shows: datetime
    since: datetime
    rate: float = 1.0

    def __post_init__(self) -> None:
        """Raise ValueError for an impossible course."""
        if self.shows.tzinfo is None or self.since.tzinfo is None:
            raise ValueError("CLOCK_SHOWS and CLOCK_SINCE need a time zone: 2026-03-01T20:00:00+08:00")
        if not 0.1 <= self.rate <= 1_000:
            raise ValueError("CLOCK_RATE is between 0.1 and 1000")


def read_course(shows: str, since: str, rate: float) -> Course | None:
    """Return the course that CLOCK_SHOWS, CLOCK_SINCE and CLOCK_RATE describe; None if none of them is set.

    `since` is the same for all processes of an installation, so that their times agree. Raises ValueError.
    """
    if not shows and not since and rate == 1.0:
        return None
    if not since:
        raise ValueError("CLOCK_SINCE is missing: the moment of the machine at which the rehearsal began")
    began = datetime.fromisoformat(since)
    return Course(datetime.fromisoformat(shows) if shows else began, began, rate)


_course: Course | None = None


def follow(course: Course | None) -> None:
    """Set the clock of this process to a course; None is the machine's time."""
    global _course  # one time for the whole process
    _course = course


def now() -> datetime:
    """Return the current time. Only the edge calls it; everything below receives it as `at`."""
    return product_time(machine_now())


def machine_now() -> datetime:
    """Return the machine's own time, for comparison with the database's stamps and for libraries without a clock."""
    return datetime.now(UTC)


def machine_time(at: datetime) -> datetime:
    """Return the machine's time at the product's time `at`."""
    return at if _course is None else _course.since + (at - _course.shows) / _course.rate


def product_time(moment: datetime) -> datetime:
    """Return the product's time at the machine's time `moment`; the inverse of `machine_time`."""
    return moment if _course is None else _course.shows + (moment - _course.since) * _course.rate


def rate() -> float:
    """Return how many seconds of the product pass in one second of the machine."""
    return 1.0 if _course is None else _course.rate


def passing(machine: timedelta) -> timedelta:
    """Return how much time of the product passes during an interval of the machine."""
    return machine * rate()
