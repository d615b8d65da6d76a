"""What signing in takes and gives."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, RootModel

from backend.accounts.models import Platform
from backend.lib.phones import LONGEST
from backend.lib.shapes import GIVEN, Instant, Line, Request, Shape, VolunteerNumber


class DeviceIn(Request):
    """The phone or browser that signs in; `id` is a UUIDv7 the client makes at its first start and keeps.

    An app for several people of one phone makes an `id` for each of them, and one `installation` for all: a person has
    one sign-in there at most.
    """

    id: UUID
    installation: UUID | None = None
    name: Annotated[str, Line(80)] = ""
    platform: Platform = Platform.OTHER


class SignIn(Request):
    """Sign in by volunteer number (with or without the space) or phone; a trusted device sends its secret."""

    identifier: Annotated[str, Line(LONGEST, least=1)]
    password: Annotated[str, Field(min_length=1, max_length=200)]
    device: DeviceIn
    trust_secret: Annotated[str, Field(max_length=100)] | None = None


class PersonOfPhone(Shape):
    """One of the people of a shared phone."""

    number: VolunteerNumber
    name: str


class PersonAsked(Shape):
    """Among whom a sign-in has to choose, after the password was right: it is that of several people of the phone."""

    choice: str
    people: list[PersonOfPhone]
    expires_at: Instant


class PersonChosen(Request):
    """Choose the person who signs in, on the device that has shown the password."""

    choice: Annotated[str, Field(min_length=1, max_length=100)]
    number: Annotated[str, Line(12, least=8), GIVEN]
    device: DeviceIn
    trust_secret: Annotated[str, Field(max_length=100)] | None = None


class CodeSignIn(Request):
    """Sign in by volunteer number or phone, and the code that a leader reads out or shows."""

    identifier: Annotated[str, Line(LONGEST, least=1)]
    code: Annotated[str, Line(40, least=1)]
    device: DeviceIn


class RefreshIn(Request):
    """Ask for a new pair of tokens."""

    refresh: Annotated[str, Field(max_length=2_000)]


class Tokens(Shape):
    """An access token for 15 minutes and a refresh token for 30 days; the old refresh token is spent.

    The refresh token of a person without a post lives for a year (an operator may choose another time).

    `access_expires_in_s` counts from the answer, for a device whose clock is off: by how much tells `server_time`.
    """

    access: str
    refresh: str
    access_expires_at: Instant
    access_expires_in_s: int
    server_time: Instant


class DeviceOut(Shape):
    """A device of one's own; `introduced` when it was signed in by a code that another person has seen."""

    id: UUID
    name: str
    platform: Platform
    last_seen_at: Instant
    current: bool
    introduced: bool = False


class Devices(RootModel[list[DeviceOut]]):
    """The devices on which one is signed in, the one seen last first."""
