"""What clients see and send of duty desks: plans, who is on the desk, hand-overs."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, RootModel, field_validator, model_validator
from typing_extensions import TypeAliasType

from backend.desks.models import LONGEST_MATTER, HandOver, Rung, Shift
from backend.lib.shapes import ClientId, Instant, Line, Request, Shape, VolunteerNumber
from backend.volunteers.models.availability import DAY_MINUTES
from backend.volunteers.schemas.availability import clock_of, minutes_of
from backend.volunteers.schemas.fields import BirthDate, Phone
from backend.volunteers.schemas.lives import Number

LONGEST_SHIFT = timedelta(days=31)
MOST_MATTERS = 30
MOST_HOURS_TOLD = 50

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["20:00"])]
"""A time on the wall where the unit is."""
Day = BirthDate
"""A whole day."""
UncoveredBecause = TypeAliasType("UncoveredBecause", Literal["night", "left"])
"""Why leaders are told of hours that no shift covers: a `night` is near, or a volunteer has `left` the plan."""


class DeskIn(Request):
    """Give a unit a duty desk with this telephone, or the desk another telephone."""

    phone: Phone


class OnceIn(Request):
    """One time, a month at most. With `before_week` it counts before the weekly shifts of its hours: an exchange."""

    from_at: Instant
    until_at: Annotated[Instant, Field(examples=["2026-03-02T12:00:00.000Z"])]
    before_week: bool = False

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if not timedelta(0) < self.until_at - self.from_at <= LONGEST_SHIFT:
            raise ValueError("until_at must be later than from_at, by 31 days at most")
        return self


class WeeklyIn(Request):
    """A weekday (0 Monday to 6 Sunday) of every week, by the clocks of the unit's zone.

    An `end` that is not later than `start` is that of the next day. It begins on days from `from_date` to `until_date`;
    without `until_date` it has no end.
    """

    weekday: Annotated[int, Field(ge=0, le=6)]
    start: Clock
    end: Clock
    from_date: Day
    until_date: Day | None = None

    @field_validator("from_date", "until_date", mode="after")
    @classmethod
    def _near(cls, day: date | None) -> date | None:
        if day is not None and not 2000 <= day.year <= 2199:
            raise ValueError("the year must be between 2000 and 2199")
        return day

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.until_date is not None and self.until_date < self.from_date:
            raise ValueError("until_date must not be before from_date")
        return self

    @property
    def minutes(self) -> int:
        """How long it lasts, by the clocks on the wall."""
        return (minutes_of(self.end) - minutes_of(self.start)) % DAY_MINUTES or DAY_MINUTES


class ShiftIn(Request):
    """An entry of the plan, `once` or `weekly`: the volunteer at the desk, and a deputy beside them.

    Both are in service and belong to the unit or to one below, by membership or post.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0199a5e2-6ecd-73f2-8a6e-2f9c1d3e4b5a",
                    "volunteer": "23456781",
                    "weekly": {"weekday": 4, "start": "20:00", "end": "07:00", "from_date": "2026-03-01"},
                }
            ]
        }
    )

    id: ClientId
    volunteer: Number
    deputy: Number | None = None
    once: OnceIn | None = None
    weekly: WeeklyIn | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.once is None) == (self.weekly is None):
            raise ValueError("give once, or weekly, and not both")
        return self


class OnceOut(Shape):
    """One time; with `before_week` it counts before the weekly shifts of its hours."""

    from_at: Instant
    until_at: Instant
    before_week: bool


class WeeklyOut(Shape):
    """A weekday of every week, by the clocks of the unit's zone; an end not later than the start is the next day's."""

    weekday: int
    start: str
    end: str
    from_date: date
    until_date: date | None


class ShiftOut(Shape):
    """An entry of the plan; either `once` or `weekly` is null."""

    id: UUID
    volunteer: VolunteerNumber
    name: str
    deputy: VolunteerNumber | None
    deputy_name: str
    once: OnceOut | None
    weekly: WeeklyOut | None

    @classmethod
    def of(cls, shift: Shift) -> "ShiftOut":
        """Return the shape of a shift that was read with its people."""
        deputy = shift.deputy
        return cls(
            id=shift.pk,
            volunteer=f"{shift.volunteer.number:08d}",
            name=shift.volunteer.name,
            deputy=f"{deputy.number:08d}" if deputy else None,
            deputy_name=deputy.name if deputy else "",
            once=_once_of(shift),
            weekly=_weekly_of(shift),
        )


def _once_of(shift: Shift) -> OnceOut | None:
    if shift.from_at is None or shift.until_at is None:
        return None
    return OnceOut(from_at=shift.from_at, until_at=shift.until_at, before_week=shift.before_week)


def _weekly_of(shift: Shift) -> WeeklyOut | None:
    weekday, start, length, since = shift.weekday, shift.from_minute, shift.minutes, shift.from_date
    if weekday is None or start is None or length is None or since is None:
        return None
    return WeeklyOut(
        weekday=weekday,
        start=clock_of(start),
        end=clock_of((start + length) % DAY_MINUTES),
        from_date=since,
        until_date=shift.until_date,
    )


class Shifts(RootModel[list[ShiftOut]]):
    """The plan of a desk: the shifts that last or will begin, dated ones first."""


class OnDesk(Shape):
    """Who is on the desk from when to when. `by_deputy`: the first person of the shift cannot be, so its deputy is."""

    shift: UUID
    volunteer: VolunteerNumber
    name: str
    by_deputy: bool
    deputy: VolunteerNumber | None
    deputy_name: str
    from_at: Instant
    until: Instant


class OfficerOut(Shape):
    """Who answers for a unit now, found at `rung` in `unit`: at its desk, by its posts, or so in the units above.

    `phone` is the desk's; null where no desk was found.
    """

    volunteer: VolunteerNumber
    name: str
    unit: str
    rung: Rung
    phone: str | None


class HandOverIn(Request):
    """What is open when one leaves the desk, each matter a line; an empty list says that nothing is."""

    id: ClientId
    matters: Annotated[list[Annotated[str, Line(LONGEST_MATTER, least=1)]], Field(max_length=MOST_MATTERS)]


class HandOverOut(Shape):
    """A hand-over with both signatures; it stands open while `taken_at` is null."""

    id: UUID
    matters: list[str]
    given_by: VolunteerNumber
    given_name: str
    given_at: Instant
    taken_by: VolunteerNumber | None
    taken_name: str
    taken_at: Instant | None

    @classmethod
    def of(cls, one: HandOver) -> "HandOverOut":
        """Return the shape of a hand-over that was read with its people."""
        taker = one.taken_by
        return cls(
            id=one.pk,
            matters=one.matters,
            given_by=f"{one.given_by.number:08d}",
            given_name=one.given_by.name,
            given_at=one.given_at,
            taken_by=f"{taker.number:08d}" if taker else None,
            taken_name=taker.name if taker else "",
            taken_at=one.taken_at,
        )


class HandOvers(RootModel[list[HandOverOut]]):
    """The hand-overs of a desk, the newest first, at most 50."""


class DeskOut(Shape):
    """The duty desk of a unit: its telephone (null: it has no desk), who is on it now, and what comes next.

    `officer` answers for the unit now, also where no desk is; null only in a force without posts.
    """

    unit: str
    phone: str | None
    zone: str
    now: OnDesk | None
    next: OnDesk | None
    officer: OfficerOut | None
    open_hand_overs: list[HandOverOut]


class HoursUncovered(Shape):
    """Hours in which no person is on the desk."""

    from_at: Instant
    until_at: Instant

    @classmethod
    def all_of(cls, gaps: list[tuple[datetime, datetime]]) -> "list[HoursUncovered]":
        """Return the shapes of the first 50 gaps."""
        return [cls(from_at=since, until_at=until) for since, until in gaps[:MOST_HOURS_TOLD]]
