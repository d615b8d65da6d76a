"""The shapes of trackers for clients."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import RootModel

from backend.lib.datum import Datum
from backend.lib.shapes import Instant, Line, Request, Shape
from backend.tracking.models import Tracker, TrackerDay, WhyNotStored


class TrackerIn(Request):
    """An app of others that is to report one's positions, and the datum in which it measures."""

    name: Annotated[str, Line(80)] = ""
    datum: Datum = "wgs84"


class NotStored(Shape):
    """How many reports of the last seven days could not be stored for one reason, and when the last of them came.

    `no_place`: without a usable place; `no_time`: without a moment that can be read; `unreadable`: not a report;
    the others as for every fix.
    """

    reason: WhyNotStored
    count: int
    last_at: Instant


class TrackerOut(Shape):
    """A tracker of one's own: when it last reported, when something of that was stored, and what was not.

    Both moments are written at most once a minute. `stores_nothing`: it has reported for a day or longer and nothing
    could be stored. Tell the person.
    """

    id: UUID
    name: str
    datum: Datum
    expires_at: Instant
    last_seen_at: Instant | None
    last_stored_at: Instant | None
    stores_nothing: bool
    not_stored: list[NotStored]

    @classmethod
    def of(cls, tracker: Tracker) -> "TrackerOut":
        """Return the shape of a tracker."""
        return cls(
            id=tracker.pk,
            name=tracker.name,
            datum=tracker.datum_name,
            expires_at=tracker.expires_at,
            last_seen_at=tracker.last_seen_at,
            last_stored_at=tracker.last_stored_at,
            stores_nothing=tracker.stores_nothing,
            not_stored=_summed(tracker.days.all()),
        )


def _summed(days: Iterable[TrackerDay]) -> list[NotStored]:
    """Return one line for each reason, the reason of the last report first."""
    counts: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for day in days:
        counts[day.reason] += day.count
        last[day.reason] = max(day.last_at, last.get(day.reason, day.last_at))
    reasons = sorted(counts, key=lambda reason: last[reason], reverse=True)
    return [NotStored(reason=WhyNotStored(one), count=counts[one], last_at=last[one]) for one in reasons]


class TrackerMade(TrackerOut):
    """A new tracker with its secret, which is never told again."""

    secret: str


class Trackers(RootModel[list[TrackerOut]]):
    """The valid trackers, the newest first."""
