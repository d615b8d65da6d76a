"""What people say, and see, of when they plan to be available."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from backend.lib.shapes import Instant, Request, Shape

MOST_HOURS, MOST_PERIODS = 42, 60
LONGEST_PERIOD = timedelta(days=366)

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", examples=["18:30"])]
"""A time on the wall where the unit is; `24:00` is the end of the day."""


class HoursIn(Request):
    """Hours of a weekday, 0 Monday to 6 Sunday. Hours past midnight are two entries."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"weekday": 4, "start": "18:30", "end": "21:00"}]}
    )

    weekday: Annotated[int, Field(ge=0, le=6)]
    start: Clock
    end: Clock

    @field_validator("end", mode="after")
    @classmethod
    def _later(cls, end: str, info: ValidationInfo) -> str:
        if "start" in info.data and minutes_of(info.data["start"]) >= minutes_of(end):
            raise ValueError("end must be later than start")
        return end


class PeriodIn(Request):
    """A period in which one is available, or is not, whatever the week says; a year at most."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_at": "2026-03-01T00:00:00.000Z",
                    "until_at": "2026-03-08T00:00:00.000Z",
                    "available": False,
                }
            ]
        }
    )

    from_at: Instant
    until_at: Instant
    available: bool

    @field_validator("until_at", mode="after")
    @classmethod
    def _later(cls, until_at: datetime, info: ValidationInfo) -> datetime:
        from_at = info.data.get("from_at")
        if from_at and not timedelta(0) < until_at - from_at <= LONGEST_PERIOD:
            raise ValueError("until_at must be later than from_at, by a year at most")
        return until_at


class AvailabilityIn(Request):
    """All that one plans from now on: it takes the place of what was planned before. Entries must not overlap."""

    weekly: Annotated[list[HoursIn], Field(max_length=MOST_HOURS)] = []
    periods: Annotated[list[PeriodIn], Field(max_length=MOST_PERIODS)] = []

    @field_validator("weekly", mode="after")
    @classmethod
    def _hours_apart(cls, weekly: list[HoursIn]) -> list[HoursIn]:
        hours = sorted((one.weekday, minutes_of(one.start), minutes_of(one.end)) for one in weekly)
        if any(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(hours)):
            raise ValueError("hours of the same weekday overlap")
        return weekly

    @field_validator("periods", mode="after")
    @classmethod
    def _periods_apart(cls, periods: list[PeriodIn]) -> list[PeriodIn]:
        times = sorted((one.from_at, one.until_at) for one in periods)
        if any(b[0] < a[1] for a, b in pairwise(times)):
            raise ValueError("periods overlap")
        return periods


class HoursOut(Shape):
    """Hours of a weekday, 0 Monday to 6 Sunday."""

    weekday: int
    start: str
    end: str


class PeriodOut(Shape):
    """A period that is an exception from the week."""

    from_at: Instant
    until_at: Instant
    available: bool


class AvailabilityOut(Shape):
    """What one plans; the hours of the week are by the clock of `zone`, the zone of one's primary unit."""

    zone: str
    weekly: list[HoursOut]
    periods: list[PeriodOut]


def minutes_of(clock: str) -> int:
    """Return the minute of the day."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def clock_of(minute: int) -> str:
    """Return a minute of the day as a clock shows it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
