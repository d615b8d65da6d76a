"""A latest position in memory, and its ageing."""

from datetime import UTC, datetime, timedelta

from backend.tracking.mapfeed.grid import E5, Tile

LIVE, STALE, EXPIRED = timedelta(seconds=90), timedelta(minutes=10), timedelta(minutes=60)
"""A position is live up to 90 s (three reports), stale up to ten minutes, expired up to an hour, and then gone."""

Micros = int
"""A moment in microseconds since 1970: compared and sorted five times as fast as a datetime, and as exact."""
Row = tuple[int, str, Micros, Micros, float, float, float | None]
"""person, scope, at, received_at, lon, lat, accuracy_m"""

_LIMITS = tuple(int(limit / timedelta(microseconds=1)) for limit in (LIVE, STALE, EXPIRED))
_NAMES = ("live", "stale", "expired")
IS_LIVE, GONE = 0, len(_LIMITS)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Dot:
    """A person on the map. Places are in units of E5; `age` is 0 for live, 1 for stale, 2 for expired."""

    __slots__ = ("accuracy_m", "age", "alarm", "at", "base", "entry", "lat", "lon", "person", "received_at",
                 "scope", "tile")  # fmt: skip

    def __init__(self, person: int) -> None:
        self.person = person
        self.scope = ""
        self.at: Micros = 0
        self.received_at: Micros = 0
        self.lon = 0
        self.lat = 0
        self.accuracy_m: float | None = None
        self.age = GONE
        self.alarm: Micros | None = None
        """When its age is checked next; never later than the age changes."""
        self.base = 0
        """The H3 cell of resolution 9."""
        self.tile: Tile = (0, 0)
        self.entry: str | None = None
        """The encoded entry, once it is shown to a console."""

    def text(self) -> str:
        """Return the member of `people` for it: its number and a `PersonOut`."""
        if self.entry is None:
            accuracy = "null" if self.accuracy_m is None else repr(round(self.accuracy_m, 1))
            at = moment(self.at).isoformat(timespec="milliseconds")
            self.entry = (
                f'"{self.person:08d}":{{"lon":{self.lon / E5},"lat":{self.lat / E5},'
                f'"age":"{_NAMES[self.age]}","at":"{at[:-6]}Z","acc_m":{accuracy}}}'
            )
        return self.entry


def age_at(seen_at: Micros, at: Micros) -> int:
    """Return the age class of a position at a moment: 0 live, 1 stale, 2 expired, 3 gone."""
    old = at - seen_at
    for age, limit in enumerate(_LIMITS):
        if old <= limit:
            return age
    return GONE


def changes_at(seen_at: Micros, age: int) -> Micros:
    """Return the last moment of a position in this age class."""
    return seen_at + _LIMITS[age]


def micros(at: datetime) -> Micros:
    """Return a moment as microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(at: Micros) -> datetime:
    """Return microseconds since 1970 as a moment."""
    return _EPOCH + timedelta(microseconds=at)
