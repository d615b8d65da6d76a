"""The times in which people may be tracked, as the rooms above state them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tracked:
    """A volunteer whose positions are taken: `scope` is what viewers are matched on.

    `every_s` is the phone's reporting interval; None is the default.
    """

    scope: str
    since: datetime
    every_s: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a volunteer could be tracked."""

    since: datetime
    until: datetime


TrackedNow = Callable[[Iterable[int], datetime], Mapping[int, Tracked]]
EarlierWindows = Callable[[Iterable[int], datetime, datetime], Mapping[int, Sequence[Window]]]
