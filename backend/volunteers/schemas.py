"""What clients see of the formation and its people, and what they send."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel

from backend.lib.datum import Datum
from backend.lib.wire import Instant, Request, Shape, VolunteerNumber
from backend.volunteers.models import Tracker


class UnitOut(Shape):
    """A unit of the formation."""

    number: str
    kind: str
    level: int
    name: str
    brand_name: str
    parent: str | None
    lon: float | None
    lat: float | None


class UnitCounts(Shape):
    """A unit with the live counts of its whole subtree."""

    unit: UnitOut
    members: int
    on_duty: int
    children: int


class PostOut(Shape):
    """An office that a volunteer holds."""

    unit: UnitOut
    role: str
    seat: int


class DutyOut(Shape):
    """Whether someone is on duty, and until when at the latest."""

    on: bool
    until: Instant | None


class Me(Shape):
    """The signed-in volunteer. `may_dispatch` names the topmost units that this person's posts cover."""

    number: VolunteerNumber
    name: str
    phone: str
    language: str
    duty: DutyOut
    units: list[UnitOut]
    posts: list[PostOut]
    skills: list[str]
    may_dispatch: list[UnitOut]


class DeviceIn(Request):
    """The phone or browser that signs in; `id` is a UUIDv7 the client makes at its first start and keeps."""

    id: UUID
    name: Annotated[str, Field(max_length=80)] = ""
    platform: Literal["android", "ios", "harmony", "web", "other"] = "other"


class SignIn(Request):
    """Sign in by volunteer number (with or without the space) or phone."""

    identifier: Annotated[str, Field(min_length=1, max_length=20)]
    password: Annotated[str, Field(min_length=1, max_length=200)]
    device: DeviceIn


class RefreshIn(Request):
    """Ask for a new pair of tokens."""

    refresh: Annotated[str, Field(max_length=2_000)]


class Tokens(Shape):
    """An access token for 15 minutes and a refresh token for 30 days; the old refresh token is spent."""

    access: str
    refresh: str
    access_expires_at: Instant


class SignedIn(Tokens):
    """Tokens, and who they are for."""

    me: Me


class DutyIn(Request):
    """Go on or off duty. `until` may shorten the maximum length, never lengthen it."""

    on: bool
    until: Instant | None = None


class DeviceOut(Shape):
    """A device of one's own."""

    id: UUID
    name: str
    platform: str
    last_seen_at: Instant
    current: bool


class Devices(RootModel[list[DeviceOut]]):
    """The devices on which one is signed in, the one seen last first."""


class UnitsCounted(RootModel[list[UnitCounts]]):
    """Sub-units with their live counts."""


class LanguageIn(Request):
    """The language that pages and notifications speak to this person."""

    language: Literal["en", "zh-hans"]


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
