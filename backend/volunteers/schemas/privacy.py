"""What people see of the data that is kept of them, and what they decide about it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, RootModel

from backend.lib.shapes import ClientId, Instant, Line, Request, Shape
from backend.volunteers.models import CredentialKind, Purpose
from backend.volunteers.schemas.fields import Name, Phone


class ConsentOut(Shape):
    """One purpose: the words that hold now, their version, and since when one agrees to them; null: one does not."""

    purpose: Purpose
    version: int
    text: str
    given_at: Instant | None


class Consents(RootModel[list[ConsentOut]]):
    """Every purpose there is."""


class ConsentIn(Request):
    """Agree to a purpose in the words of a version, or withdraw. Withdrawing needs no version."""

    agreed: bool
    version: Annotated[int, Field(ge=1, le=10_000)] | None = None


class GuardianIn(Request):
    """A parent or guardian who agrees to a minor's service. `id` is a UUIDv7 the client makes."""

    id: ClientId
    name: Name
    phone: Phone
    consent_at: Instant


class GuardianOut(Shape):
    """A guardian; the phone is masked."""

    id: UUID
    name: str
    phone: str
    consent_at: Instant
    withdrawn_at: Instant | None


class Guardians(RootModel[list[GuardianOut]]):
    """A person's guardians, the newest first."""


class CredentialIn(Request):
    """An insurance, a training or an agreement. `id` is a UUIDv7 the client makes; without an end it has none."""

    id: ClientId
    kind: CredentialKind
    reference: Annotated[str, Line(80)] = ""
    valid_from: Instant
    valid_until: Instant | None = None


class CredentialOut(Shape):
    """A record that dangerous service asks for."""

    id: UUID
    kind: CredentialKind
    reference: str
    valid_from: Instant
    valid_until: Instant | None
    revoked_at: Instant | None


class Credentials(RootModel[list[CredentialOut]]):
    """A person's records, the newest first."""
