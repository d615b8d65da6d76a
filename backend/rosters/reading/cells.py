"""Turns what stands in a cell of a workbook into a text, a number or a date."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

KEPT = 1_001
"""Characters of a cell that are kept: one more than a roster takes, so that it is known to be too long."""
_LONGEST_NUMBER = 40
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_CODE = re.compile(r'"[^"]*+"|\\.|_.|\*.|\[[^\[\]]*+\]')
_SECTION = ";"


class CellKind(Enum):
    """What a number is, by the format in which its cell shows it."""

    NUMBER = "number"
    DATE = "date"
    MONTH = "month"
    """A date that is shown without its day: the day is the spreadsheet's invention."""
    YEAR = "year"


_BUILT_IN = (
    dict.fromkeys((14, 15, 16, 22, *range(27, 37), *range(50, 59)), CellKind.DATE)
    | dict.fromkeys((17, 27, 36, 50, 52, 57), CellKind.MONTH)
    | dict.fromkeys((32, 33, 34, 35, 55, 56), CellKind.NUMBER)
)
"""Formats that stand in no workbook (ECMA-376, 18.8.30), those of Chinese spreadsheets from 27 on."""


def kind_of_format(id: int, codes: Mapping[int, str]) -> CellKind:
    """Return what numbers of a format are; `codes` are the workbook's own formats."""
    if id not in codes:
        return _BUILT_IN.get(id, CellKind.NUMBER)
    code = _NOT_CODE.sub("", codes[id].split(_SECTION)[0]).casefold()
    if "general" in code or not set("yed") & set(code):
        return CellKind.NUMBER  # months without a year are minutes, or in any case no date of birth
    if "d" in code:
        return CellKind.DATE
    return CellKind.MONTH if "m" in code else CellKind.YEAR


def number_of(text: str, kind: CellKind, epoch: datetime) -> Any:
    """Return a number as what its format shows: a whole number, a fraction, a date, or a date without its day."""
    if len(text) > _LONGEST_NUMBER:
        return text
    try:
        if kind is not CellKind.NUMBER:
            return _shown(date_of(float(text), epoch), kind)
        return int(text) if text.isdecimal() else float(text)
    except (ValueError, OverflowError):
        return text


def date_of(days: float, epoch: datetime) -> datetime:
    """Return the date of a serial number.

    Raises ValueError for the 29th of February 1900, which only spreadsheets believe in.
    """
    if epoch.year == 1899 and days < 61:
        if days >= 60:
            raise ValueError("there was no such day")
        days += 1
    return epoch + timedelta(seconds=round(days * 86_400))


def written_date(text: str) -> Any:
    """Return a date that stands in a strict workbook as people write it; the text, if it is none."""
    try:
        return datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text


def unescaped(text: str) -> str:
    """Return a text with the characters for which workbooks have an escape: `_x000D_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def _shown(moment: datetime, kind: CellKind) -> Any:
    if kind is CellKind.DATE:
        return moment
    return f"{moment.year}-{moment.month:02d}" if kind is CellKind.MONTH else f"{moment.year}"
