"""What clients see and send of occasions and collective papers."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Base64Bytes, Field, RootModel, ValidationInfo, field_validator

from backend.lib.shapes import GIVEN, ClientId, Instant, Line, Lines, Request, Shape
from backend.papers.models import LONGEST_OCCASION, LONGEST_POLICY, Document, PaperKind

MOST_PEOPLE = 200
"""People of one request of a desk."""
MOST_PHOTO_BYTES = 700_000
"""Bytes of the photo of a signed list, before it is decoded."""

PersonNumber = Annotated[str, Line(20, least=1), GIVEN]
People = Annotated[list[PersonNumber], Field(min_length=1, max_length=MOST_PEOPLE)]


def _bounded(until_at: datetime, info: ValidationInfo, most: timedelta) -> datetime:
    from_at = info.data.get("from_at")
    if from_at is not None and not from_at < until_at <= from_at + most:
        raise ValueError(f"until_at must be after from_at, and no more than {most.days} days after it")
    return until_at


class OccasionIn(Request):
    """Open an occasion of a unit: a purpose and a time of 7 days at most. `id` is a UUIDv7 the client makes."""

    id: ClientId
    unit: Annotated[str, Line(20), GIVEN]
    name: Annotated[str, Line(80, least=1)]
    from_at: Instant
    until_at: Annotated[Instant, Field(examples=["2026-03-02T12:00:00.000Z"])]

    @field_validator("until_at", mode="after")
    @classmethod
    def _short(cls, until_at: datetime, info: ValidationInfo) -> datetime:
        return _bounded(until_at, info, LONGEST_OCCASION)


class OccasionOut(Shape):
    """An occasion. All its papers end at `until_at`, or at `closed_at` before it. `desks` are posts, by their ids."""

    id: UUID
    unit: str
    name: str
    from_at: Instant
    until_at: Instant
    closed_at: Instant | None
    desks: list[int]


class Occasions(RootModel[list[OccasionOut]]):
    """Occasions that run, or will, the one that begins last first; at most 100."""


class PolicyIn(Request):
    """Note a collective accident insurance of a unit, for 366 days at most.

    With `occasion`, an occasion of that unit, it insures in its tasks alone; without, in all tasks of the unit and
    below. `places` is how many people it insures; without it, those who are entered on its list.
    """

    id: ClientId
    unit: Annotated[str, Line(20), GIVEN]
    occasion: UUID | None = None
    insurer: Annotated[str, Line(80, least=1)]
    number: Annotated[str, Line(60, least=1)]
    from_at: Instant
    until_at: Annotated[Instant, Field(examples=["2026-03-02T12:00:00.000Z"])]
    places: Annotated[int, Field(ge=1, le=100_000)] | None = None

    @field_validator("until_at", mode="after")
    @classmethod
    def _short(cls, until_at: datetime, info: ValidationInfo) -> datetime:
        return _bounded(until_at, info, LONGEST_POLICY)


class PolicyOut(Shape):
    """A collective policy; `insured` counts the people who were entered."""

    id: UUID
    unit: str
    occasion: UUID | None
    insurer: str
    number: str
    from_at: Instant
    until_at: Instant
    places: int | None
    insured: int
    ended_at: Instant | None


class InsuredIn(Request):
    """Enter people on a policy, by their volunteer numbers. Those who are on it already take no second place."""

    id: ClientId
    people: People


class BriefingIn(Request):
    """Enter people who were trained: by whom (a volunteer number), in what, for how many minutes."""

    id: ClientId
    trainer: PersonNumber
    content: Annotated[str, Lines(1_000, least=1)]
    minutes: Annotated[int, Field(ge=5, le=1_440)]
    people: People


class AgreementIn(Request):
    """Enter people who signed the agreement on paper, with a photo (JPEG, PNG, WebP) of the list in base64.

    `with_risk_notice` says that the list shows the notice of the risks above the signatures: these people accept
    without `risk_acknowledged`.
    """

    id: ClientId
    photo: Annotated[Base64Bytes, Field(max_length=MOST_PHOTO_BYTES)]
    with_risk_notice: bool = False
    people: People


class AttestedIn(Request):
    """One person, and the document that was seen. Neither a copy nor its number is kept."""

    volunteer: PersonNumber
    document: Document


class AttestationIn(Request):
    """Attest that people are 18, each by a document that the caller has seen."""

    id: ClientId
    people: Annotated[list[AttestedIn], Field(min_length=1, max_length=MOST_PEOPLE)]


class SheetOut(Shape):
    """What a desk has entered at once; `count` people are on it."""

    id: UUID
    kind: PaperKind
    occasion: UUID | None
    policy: UUID | None
    count: int
    at: Instant
