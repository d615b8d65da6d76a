"""Reads a batch of fixes of which some may be wrong: the others are not held up by them."""

import pydantic
import pydantic_core

from backend.lib.problems import MAX_ERRORS, invalid, refuse_nul
from backend.realtime.frames import FixIn
from backend.realtime.schemas import PositionsIn

MAX_UNPACKED = 4_000_000
"""Bytes of a batch when it is unpacked: three times what 10,000 fixes need."""


def read_fixes(body: bytes) -> list[FixIn | None]:
    """Return the fixes in their order, None for one that cannot be read.

    Raises Malformed, or Invalid when the body is no batch, none of its fixes can be read, or so many are wrong that it
    must be a mistake of the program.
    """
    try:
        return list(PositionsIn.model_validate_json(body).fixes)
    except pydantic.ValidationError as error:
        wrong = _wrong_fixes(error)
        if not wrong:
            raise invalid(error) from error
        refuse_nul(body)
        given = pydantic_core.from_json(body)["fixes"]
        fixes = [None if n in wrong else FixIn.model_validate(one) for n, one in enumerate(given)]
        if not any(fixes):
            raise invalid(error) from error
        return fixes


def _wrong_fixes(error: pydantic.ValidationError) -> set[int]:
    """Return the places of the fixes that are wrong; none when something else is wrong, or too much."""
    if error.error_count() > MAX_ERRORS:
        return set()
    places = [
        item["loc"] for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    if not all(len(place) >= 2 and place[0] == "fixes" and isinstance(place[1], int) for place in places):
        return set()
    return {int(place[1]) for place in places}
