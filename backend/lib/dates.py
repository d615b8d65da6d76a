"""Dates as people and spreadsheets write them: every possible reading of a text, and never an invented day."""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Any

EARLIEST_YEAR = 1900

_PLAIN = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_GAP = r"(?:\s*+[-/.]\s*+|\s++)"
_WHOLE = re.compile(
    rf"([0-9]{{4}})(?:\s*+年\s*+|{_GAP})([0-9]{{1,2}})(?:\s*+月\s*+|{_GAP})([0-9]{{1,2}})(?:\s*+[日号])?+"
    r"(?:[\sT]++0?0:00(?::00(?:\.0++)?+)?+Z?+)?+"
)
_EIGHT_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\s*+[-/.]\s*+([0-9]{1,2})\s*+[-/.]\s*+([0-9]{4})")
_MONTH = re.compile(rf"([0-9]{{4}})(?:\s*+年\s*+|{_GAP})([0-9]{{1,2}})\s*+[-/.]?+\s*+月?+\s*+日?+")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})\s*+[-/.]\s*+([0-9]{4})")
_SIX_DIGITS = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_YEAR = re.compile(r"([0-9]{4})\s*+(?:年|\.0+)?")
_LOST_ZERO = re.compile(r"([0-9]{4})\.1")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a date; the month or the day is 0 when the text does not give it."""

    year: int
    month: int = 0
    day: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it gives the day."""
        return bool(self.day)

    @property
    def first(self) -> date:
        """The first day that it can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The last day that it can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def allows(self, day: date) -> bool:
        """Tell whether it can mean a day."""
        return self.first <= day <= self.last


def plain_day(cell: Any) -> date | None:
    """Return the day of a text that is year first, in digits. Nearly all are so, and there are millions."""
    found = _PLAIN.fullmatch(cell) if isinstance(cell, str) else None
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def readings(cell: Any, *, until: date) -> list[Reading]:
    """Return every reading of a cell as a day up to `until`; an empty list when the cell is not such a date.

    `2008.12` has one reading, without a day. `3/4/1980` has two, because the day may come first. Two-digit years, other
    calendars and the day numbers of spreadsheets have none, because their day is only a guess.
    """
    if isinstance(cell, date):
        found = _of_day(cell)
    else:
        found = _of_text(str(cell))
    return [reading for reading in dict.fromkeys(found) if _can_be(reading, until)]


def _of_day(cell: date) -> list[Reading]:
    """Return the day of a cell; for a moment inside a day the next day too: zones and rounding move midnights."""
    if cell.year == MAXYEAR:
        return []
    if isinstance(cell, datetime):
        days = [cell.date()] if cell.time() == time() else [cell.date(), cell.date() + timedelta(days=1)]
    else:
        days = [cell]
    return [Reading(day.year, day.month, day.day) for day in days]


def _of_text(text: str) -> list[Reading]:
    text = unicodedata.normalize("NFKC", text).strip()
    if found := _WHOLE.fullmatch(text) or _EIGHT_DIGITS.fullmatch(text):
        return [_numbers(*found.groups())]
    if found := _DAY_FIRST.fullmatch(text):
        one, other, year = found.groups()
        return [_numbers(year, other, one), _numbers(year, one, other)]
    if found := _MONTH.fullmatch(text):
        return _of_month(text, *found.groups())
    if found := _MONTH_FIRST.fullmatch(text):
        return [_numbers(found[2], found[1])]
    if found := _SIX_DIGITS.fullmatch(text):
        return _of_six_digits(*found.groups())
    found = _YEAR.fullmatch(text)
    return [_numbers(found[1])] if found else []


def _of_month(text: str, year: str, month: str) -> list[Reading]:
    """Return the readings of a year and a month: in the number 2008.1 a spreadsheet may have dropped a zero."""
    lost = [_numbers(year, "10")] if _LOST_ZERO.fullmatch(text) else []
    return [_numbers(year, month), *lost]


def _of_six_digits(one: str, two: str, three: str) -> list[Reading]:
    """Return the readings of `200812`: a year and a month, or a day with a two-digit year."""
    if one not in {"19", "20"} or not 1 <= int(three) <= 12:
        return []
    return [_numbers(one + two, three), *(_numbers(century + one, two, three) for century in ("19", "20"))]


def _numbers(year: str, month: str = "0", day: str = "0") -> Reading:
    return Reading(int(year), int(month), int(day))


def _can_be(reading: Reading, until: date) -> bool:
    if reading.year < EARLIEST_YEAR or reading.month > 12 or (reading.day and not reading.month):
        return False
    try:
        return reading.first <= until
    except ValueError:  # this day does not exist
        return False
