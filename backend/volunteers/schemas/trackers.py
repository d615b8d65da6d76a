"""What clients see of trackers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, RootModel

from backend.lib.datum import Datum
from backend.lib.wire import Instant, Request, Shape
from backend.volunteers.models import Tracker


class TrackerIn(Request):
    """An app of others that is to report one's positions, and the datum in which it measures."""

    name: Annotated[str, Field(max_length=80)] = ""
    datum: Datum = "wgs84"


class TrackerOut(Shape):
    """A tracker of one's own."""

    id: UUID
    name: str
    datum: Datum
    expires_at: Instant
    last_seen_at: Instant | None

    @classmethod
    def of(cls, tracker: Tracker) -> "TrackerOut":
        """Return the shape of a tracker."""
        return cls(
            id=tracker.pk,
            name=tracker.name,
            datum=tracker.datum_name,
            expires_at=tracker.expires_at,
            last_seen_at=tracker.last_seen_at,
        )


class TrackerMade(TrackerOut):
    """A new tracker with its secret, which is never told again."""

    secret: str


class Trackers(RootModel[list[TrackerOut]]):
    """The trackers that are good, the newest first."""
