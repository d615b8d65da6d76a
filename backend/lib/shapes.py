"""Base of every shape on the wire."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    UUID7,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, to_json
from pydantic_core.core_schema import no_info_after_validator_function, str_schema

from backend.lib.texts import NotAText, read_line, read_text


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_utc(value: datetime) -> datetime:
    # Judged as it is written: at the edges of the years the zone decides which it is, and may leave what Python knows.
    with suppress(OverflowError):
        moment = value.astimezone(UTC)
        if 1900 < moment.year < 2200:
            return moment
    raise ValueError("the year must be between 1900 and 2200")


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment with its offset, RFC 3339; the server writes UTC with milliseconds."""


@dataclass(frozen=True)
class Given:
    """Marks a number that the server issues: after a restored backup the same number may be issued a second time."""


GIVEN = Given()

ClientId = Annotated[
    UUID7, WithJsonSchema({"type": "string", "format": "uuid", "description": "UUIDv7, made by the client"})
]
"""An id that the client makes, so that a retry is the same request; version 7 keeps the indexes in order."""


def _digits(value: Any) -> Any:
    return f"{value:08d}" if isinstance(value, int) else value


VolunteerNumber = Annotated[str, BeforeValidator(_digits)]
"""Eight digits, as a string: it is not for arithmetic."""


@dataclass(frozen=True)
class Line:
    """Makes a field one line of text, as in `title: Annotated[str, Line(120, least=1)]`: see `backend.lib.texts`."""

    most: int
    least: int = 0

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        """Return pydantic's schema: length before and after invisible characters are removed, and the allowed signs."""
        bounded = str_schema(strip_whitespace=True, min_length=self.least or None, max_length=self.most)
        return no_info_after_validator_function(self._read, bounded)

    def _read(self, text: str) -> str:
        try:
            kept = self._kept(text)
        except NotAText as error:
            raise PydanticCustomError("text", "{why}", {"why": str(error)}) from error
        if len(kept) < self.least:
            raise PydanticCustomError("text", "must not be empty")
        return kept

    def _kept(self, text: str) -> str:
        return read_line(text)


class Lines(Line):
    """Makes a field text of several lines."""

    def _kept(self, text: str) -> str:
        return read_text(text)


class Shape(BaseModel):
    """Something the server sends. Clients ignore fields they do not know."""

    model_config = ConfigDict(frozen=True)


class Request(BaseModel):
    """Something a client sends. A field that is not declared is refused: it is a misspelling or a misunderstanding."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Sent = TypeVar("Sent", bound=Request)


def read_json(shape: type[Sent], document: bytes | str) -> Sent:
    """Return a JSON document as `shape`, or raise pydantic's ValidationError.

    Types are strict: `true` or a number in quotes, in the place of a number, is a client's mistake. Forms and queries
    are text alone, and are read with `model_validate`.
    """
    return shape.model_validate_json(document, strict=True)


def read_members(shape: type[Sent], members: Mapping[str, Any]) -> Sent:
    """Return the parsed members of a JSON document as `shape`, as `read_json` does."""
    return read_json(shape, to_json(members))


@cache
def names_of_given() -> frozenset[str]:
    """Return the fields in which clients name a unit, person or post by number, over all shapes that clients send."""
    return frozenset(
        name
        for shape in shapes_of_clients()
        for name, field in shape.model_fields.items()
        if any(isinstance(one, Given) for one in field.metadata) or _is_given(field.annotation)
    )


def shapes_of_clients(shape: type[Request] = Request) -> Iterator[type[Request]]:
    """Yield all shapes that clients send."""
    for further in shape.__subclasses__():
        yield further
        yield from shapes_of_clients(further)


def _is_given(annotation: Any) -> bool:
    return isinstance(annotation, Given) or any(_is_given(part) for part in get_args(annotation))
