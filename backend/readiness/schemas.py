"""What people say, and see, of being woken off duty."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator, model_validator

from backend.lib.shapes import ClientId, Instant, Request, Shape, VolunteerNumber
from backend.readiness.models import Manner
from backend.volunteers.models import Category
from backend.volunteers.schemas.availability import Clock, minutes_of

MOST_CONSENTS, MOST_REFUSED_HOURS = 20, 10


def _each_once(categories: list[Category]) -> list[Category]:
    if len(set(categories)) < len(categories):
        raise ValueError("names a category twice")
    return sorted(categories)


class DailyHoursIn(Request):
    """Hours of every day by the clock of one's unit. An end before the start is that of the next morning."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"start": "22:00", "end": "06:00"}]})

    start: Clock
    end: Clock

    @model_validator(mode="after")
    def _last(self) -> Self:
        if self.start == "24:00" or self.start == self.end:
            raise ValueError("the hours must last; the whole day is 00:00 to 24:00")
        return self

    @property
    def parts(self) -> list[tuple[int, int]]:
        """The minutes of the day from which and until which they last: two pairs where they pass midnight."""
        start, end = minutes_of(self.start), minutes_of(self.end)
        if start < end:
            return [(start, end)]
        return [(start, 1440), (0, end)] if end else [(start, 1440)]


class WakingConsentIn(DailyHoursIn):
    """One may be woken for these categories in these hours."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"categories": ["rescue"], "start": "06:00", "end": "22:00"}]}
    )

    categories: Annotated[list[Category], Field(min_length=1, max_length=len(Category))]

    _once = field_validator("categories", mode="after")(_each_once)


class WakingIn(Request):
    """All that one says of being woken off duty; it takes the place of what was said before, by leaders too.

    `refused_hours` and `refused_categories` hold at every severity, and against every plan and leader's word.
    """

    consents: Annotated[list[WakingConsentIn], Field(max_length=MOST_CONSENTS)] = []
    refused_hours: Annotated[list[DailyHoursIn], Field(max_length=MOST_REFUSED_HOURS)] = []
    refused_categories: Annotated[list[Category], Field(max_length=len(Category))] = []

    _once = field_validator("refused_categories", mode="after")(_each_once)


class DailyHoursOut(Shape):
    """Hours of every day; an end before the start is that of the next morning."""

    start: str
    end: str


class WakingConsentOut(DailyHoursOut):
    """One may be woken for these categories in these hours."""

    categories: list[Category]


class LeadersWordIn(Request):
    """A leader notes that a person has agreed by voice to being woken. `id` is the client's UUIDv7.

    `said_yes` is the leader's statement that the person has said yes; `how` and `said_at` tell in which way and when.
    """

    id: ClientId
    categories: Annotated[list[Category], Field(min_length=1, max_length=len(Category))]
    said_yes: Literal[True]
    how: Manner
    said_at: Instant

    _once = field_validator("categories", mode="after")(_each_once)


class LeadersWordOut(Shape):
    """A leader's word that a person may be woken, at all hours that the person has not refused, until `until_at`."""

    id: UUID
    categories: list[Category]
    unit: str
    by: VolunteerNumber
    by_name: str
    how: Manner
    said_at: Instant
    until_at: Instant
    ended_at: Instant | None


class WakingOut(Shape):
    """What is said of waking a person off duty, by the clock of `zone`, the zone of the primary unit.

    `said_at` is null before the person has said anything. `words` are the leaders' words that hold, the newest first.
    """

    zone: str
    said_at: Instant | None
    consents: list[WakingConsentOut]
    refused_hours: list[DailyHoursOut]
    refused_categories: list[Category]
    words: list[LeadersWordOut]


class ReadinessFilter(Request):
    """For which category, and for a task that starts when, to count those who may be asked; null: now."""

    category: Category
    starts_at: Instant | None = None


class UnitReadiness(Shape):
    """How many people of a unit and all below it a call-out of a category would find now.

    `planned` are off duty, and available by their plan when the task starts; a normal call-out asks them too.
    `may_be_woken` are off duty and asked when the task is urgent or life is at stake, those who planned included. Both
    are null in units with more people than one call-out may reach. Skills, age and credentials are not looked at.
    """

    unit: str
    category: Category
    members: int
    on_duty: int
    planned: int | None
    may_be_woken: int | None
