"""Parses batches of fixes, of which some may be wrong: the others are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pydantic
import pydantic_core

from backend.lib.problems import MAX_ERRORS, FieldError, invalid, wrong_fields
from backend.lib.shapes import read_json, read_members
from backend.tracking.schemas.positions import FixIn, PositionFrame, PositionsIn

MAX_UNPACKED = 4_000_000
"""Bytes of an unpacked batch: three times the size of 10,000 fixes."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Fixes in their order, None for an unreadable one, and the errors of those; `n` is the frame's number."""

    fixes: Sequence[FixIn | None]
    errors: Sequence[FieldError] = ()
    n: int = 0


def read_fixes(body: bytes) -> Positions:
    """Return the fixes of a body.

    |Raises Malformed; or Invalid, when the body is not a batch, no fix is readable, or so many are wrong that the
    client must have a fault.
    """
    try:
        return Positions(read_json(PositionsIn, body).fixes)
    except pydantic.ValidationError as error:
        found = _without_wrong_ones(body, error, skip=0) if error.error_count() <= MAX_ERRORS else None
        if found is None or not any(found.fixes):
            raise invalid(error) from error
        return found


def positions_of(frame: PositionFrame) -> Positions:
    """Return the fixes of a frame without errors."""
    return Positions(frame.fixes, n=frame.n)


def positions_in(text: str, error: pydantic.ValidationError) -> Positions | None:
    """Return the fixes of a position frame that was refused only for some of them; None for any other frame.

    The errors stand below the union's tag. A frame is small, so all its errors are examined.
    """
    return _without_wrong_ones(text, error, skip=1)


def _without_wrong_ones(
    document: bytes | str, error: pydantic.ValidationError, *, skip: int
) -> Positions | None:
    wrong = _wrong_fixes(error, skip)
    if not wrong:
        return None
    given = pydantic_core.from_json(document)
    fixes = [None if n in wrong else read_members(FixIn, one) for n, one in enumerate(given["fixes"])]
    errors = [FieldError(**field) for field in wrong_fields(error, skip=skip)]
    return Positions(fixes, errors, given.get("n", 0))


def _wrong_fixes(error: pydantic.ValidationError, skip: int) -> set[int]:
    """Return the indexes of the wrong fixes; empty when something else is wrong."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    places: list[tuple[Any, ...]] = [item["loc"][skip:] for item in details]
    if not all(len(place) >= 2 and place[0] == "fixes" and isinstance(place[1], int) for place in places):
        return set()
    return {int(place[1]) for place in places}
