"""What clients see of badges and photos, and what they send."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Base64Bytes, Field
from typing_extensions import TypeAliasType

from backend.badges.models import Paper, SignKind
from backend.lib.shapes import Instant, Line, Request, Shape, VolunteerNumber

BadgeState = TypeAliasType(
    "BadgeState", Literal["valid", "suspended", "expired", "revoked", "unknown", "forged"]
)

MOST_COPIES = 50
"""Signs of one file."""
MOST_IMAGE_BYTES = 700_000


class BadgeIn(Request):
    """Issue a badge; without a last day it is good for two years. `id` is a UUIDv7 that the client makes."""

    id: UUID
    valid_until: date | None = None


class BadgeShown(Request):
    """What the QR code of a badge says, or its address."""

    badge: Annotated[str, Field(max_length=2_000)]


class RevokeBadgeIn(Request):
    """Revoke the badge, and say why: lost, returned, stolen."""

    reason: Annotated[str, Line(80)] = ""


class BadgeOut(Shape):
    """A badge as its person, and those who look after them, see it. `text` is what the QR code says."""

    id: UUID
    number: VolunteerNumber
    unit: str
    issued_at: Instant
    valid_until: date
    state: BadgeState
    text: str


class BadgeChecked(Shape):
    """What any person is told of a badge: how it stands, and the number; never the name.

    `unknown`: it is genuine, but not in this installation, or it is no badge at all. `forged`: the signature is wrong.
    The number is missing then.
    """

    state: BadgeState
    number: VolunteerNumber | None
    valid_until: date | None


class BadgeKey(Shape):
    """A public key by which badges are checked offline: 32 bytes in base64url."""

    id: str
    algorithm: Literal["Ed25519"]
    public: str


class BadgeKeys(Shape):
    """The public keys, the one that signs now first."""

    keys: list[BadgeKey]


class RevokedBadges(Shape):
    """The badges whose day has not come and which are good no more: revoked, or of people who are suspended or retired.

    `signature` (Ed25519, base64url) is of `muster list `, then `at` and all `badges`, joined by line feeds.
    """

    at: Instant
    badges: list[str]
    key: str
    signature: str


class PhotoIn(Request):
    """A picture of oneself (JPEG, PNG, WebP) in base64; 512 pixels of it are kept, and nothing else of the file."""

    image: Annotated[Base64Bytes, Field(max_length=MOST_IMAGE_BYTES)]


class SignsWanted(Request):
    """Signs of a unit to print: which, on what, and how many."""

    kind: SignKind
    paper: Paper = Paper.A4
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] = 1
