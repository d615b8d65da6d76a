"""Fields that say who a person is: names, phones, days of birth; one rule each, at every door."""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from backend.lib.dates import EARLIEST_YEAR
from backend.lib.names import LONGEST, NotAName, read_name
from backend.lib.phones import LONGEST as LONGEST_PHONE
from backend.lib.phones import read_phone

LONGEST_UNIT_NAME = 120
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _name(text: str) -> str:
    try:
        return read_name(text, longest=LONGEST_UNIT_NAME)  # the shorter bound of people is the field's own
    except NotAName as error:
        raise PydanticCustomError("name", "A name {why}", {"why": str(error)}) from error


def _name_or_nothing(text: str) -> str:
    return _name(text) if text else ""


def _phone(text: str) -> str:
    try:
        return read_phone(text)
    except ValueError as error:
        why = "must be one phone number: eleven digits, or with the area code, or with + and the country"
        raise PydanticCustomError("phone", why) from error


def _phone_or_nothing(text: str) -> str:
    return _phone(text) if text else ""


def _whole_day(value: Any) -> Any:
    """Return a date for its text; refuse seconds since 1970, and moments, before they are taken for one.

    A body is read strictly, where what a validator has seen before counts as given by a program: no text for a date.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    with suppress(ValueError):
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    raise PydanticCustomError("whole_day", "must be a whole date, like 1980-01-31")


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST),
    AfterValidator(_name),
    Field(examples=["王秀兰"]),
]
UnitName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_UNIT_NAME),
    AfterValidator(_name),
    Field(examples=["桂花明堂村中队"]),
]
BrandName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_UNIT_NAME),
    AfterValidator(_name_or_nothing),
]
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PHONE),
    AfterValidator(_phone),
    Field(examples=["13800001234"]),
]
PhoneOrNothing = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_PHONE),
    AfterValidator(_phone_or_nothing),
    Field(examples=["13800001234"]),
]
BirthDate = Annotated[date, Field(ge=date(EARLIEST_YEAR, 1, 1)), BeforeValidator(_whole_day)]
"""A whole day. That it has come is asked where the time is known."""
