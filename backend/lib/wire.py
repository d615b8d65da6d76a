"""Base of every shape on the wire."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
)

NO_NUL = r"^[^\x00]*$"
"""The pattern of texts: a database cannot store the NUL character."""


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_utc(value: datetime) -> datetime:
    if not 1900 < value.year < 2200:
        raise ValueError("the year must be between 1900 and 2200")
    return value.astimezone(UTC)


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment with its offset, RFC 3339; the server writes UTC with milliseconds."""


def _digits(value: Any) -> Any:
    return f"{value:08d}" if isinstance(value, int) else value


VolunteerNumber = Annotated[str, BeforeValidator(_digits)]
"""Eight digits, as a string so that nobody computes with it."""


def one_of(*values: str) -> WithJsonSchema:
    """Say in the documents which texts a field may hold.

    As in `role: Annotated[str, one_of(*Role.values)]`.
    """
    return WithJsonSchema({"type": "string", "enum": list(values)})


class Shape(BaseModel):
    """Something the server sends. Clients ignore fields they do not know."""

    model_config = ConfigDict(frozen=True)


class Request(BaseModel):
    """Something a client sends. A field that is not declared is refused: it is a misspelling or a misunderstanding."""

    model_config = ConfigDict(frozen=True, extra="forbid")
