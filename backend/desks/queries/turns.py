"""When the shifts of a plan take place: pure computation, without the database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, product
from zoneinfo import ZoneInfo

from backend.desks.models import Shift

Stretch = tuple[datetime, datetime]
"""A stretch of time, without its end."""
_DAY = timedelta(days=1)
_PATTERN = 16 * _DAY
"""So long two weekly shifts are compared: what comes again every week has met by then, if it ever does."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One time at which a shift takes place, or a part of it: until `until_at`, and not at that moment."""

    shift: Shift
    from_at: datetime
    until_at: datetime

    def covers(self, at: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self.from_at <= at < self.until_at

    def meets(self, since: datetime, until: datetime) -> bool:
        """Tell whether it has a moment in common with a stretch."""
        return self.from_at < until and since < self.until_at


def turns_of(shifts: Iterable[Shift], zone: ZoneInfo, since: datetime, until: datetime) -> list[Turn]:
    """Return the turns that reach into a stretch, in their order; dated exchanges are cut out of the weekly ones."""
    every = list(shifts)
    dated = list(chain.from_iterable(_dated(shift) for shift in every))
    before = [(turn.from_at, turn.until_at) for turn in dated if turn.shift.before_week]
    weekly = chain.from_iterable(_weekly(shift, zone, since, until) for shift in every)
    cut = (replace(turn, from_at=a, until_at=b) for turn in weekly for a, b in _without(turn, before))
    found = [turn for turn in chain(dated, cut) if turn.meets(since, until)]
    return sorted(found, key=lambda turn: (turn.from_at, turn.shift.pk))


def uncovered(turns: Sequence[Turn], since: datetime, until: datetime) -> list[Stretch]:
    """Return the stretches between two moments in which none of the turns, which are in their order, lies."""
    found, reached = [], since
    for turn in turns:
        if turn.from_at > reached:
            found.append((reached, min(turn.from_at, until)))
        reached = max(reached, turn.until_at)
        if reached >= until:
            break
    if reached < until:
        found.append((reached, until))
    return [(a, b) for a, b in found if a < b]


def overlap_of(new: Shift, others: Iterable[Shift], zone: ZoneInfo) -> Shift | None:
    """Return the first of other shifts of the desk that takes place while the new one does; None: no other does."""
    return next((other for other in others if other.pk != new.pk and _overlap(new, other, zone)), None)


def _overlap(one: Shift, other: Shift, zone: ZoneInfo) -> bool:
    if one.is_weekly != other.is_weekly and (one.before_week or other.before_week):
        return False
    since, until = _shared(one, other)
    pairs = product(_alone(one, zone, since, until), _alone(other, zone, since, until))
    return any(a.meets(b.from_at, b.until_at) for a, b in pairs)


def _shared(one: Shift, other: Shift) -> Stretch:
    """Return a stretch in which two shifts have met if they ever do."""
    for shift in (one, other):
        if shift.from_at is not None and shift.until_at is not None:
            return shift.from_at, shift.until_at
    begins = [shift.from_date for shift in (one, other) if shift.from_date is not None]
    since = datetime.combine(max(begins), datetime.min.time(), UTC) - 2 * _DAY
    return since, since + _PATTERN


def _alone(shift: Shift, zone: ZoneInfo, since: datetime, until: datetime) -> list[Turn]:
    return [*_dated(shift), *_weekly(shift, zone, since, until)]


def _dated(shift: Shift) -> Iterator[Turn]:
    if shift.from_at is not None and shift.until_at is not None:
        yield Turn(shift, shift.from_at, shift.until_at)


def _weekly(shift: Shift, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Turn]:
    """Yield the turns of a weekly shift that may reach into a stretch; they last at most until the next day."""
    if shift.weekday is None or shift.from_minute is None or shift.minutes is None:
        return
    day, last = (since - 2 * _DAY).astimezone(zone).date(), (until + _DAY).astimezone(zone).date()
    day += ((shift.weekday - day.weekday()) % 7) * _DAY
    while day <= last:
        if shift.may_begin_on(day):
            begins = _on_the_wall(day, shift.from_minute, zone)
            ends = _on_the_wall(day, shift.from_minute + shift.minutes, zone)
            if begins < ends:
                yield Turn(shift, begins, ends)
        day += 7 * _DAY


def _on_the_wall(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the moment at which clocks of the zone show a minute of a day, or of the day after."""
    shown = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    return shown.replace(tzinfo=zone).astimezone(UTC)


def _without(turn: Turn, others: Sequence[Stretch]) -> list[Stretch]:
    """Return what is left of a turn when others are cut out of it."""
    left = [(turn.from_at, turn.until_at)]
    for since, until in others:
        left = [piece for a, b in left for piece in ((a, min(b, since)), (max(a, until), b))]
        left = [(a, b) for a, b in left if a < b]
    return left
