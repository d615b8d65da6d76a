"""Reads volunteer numbers as people write, say and mistype them."""

import re
import unicodedata
from collections.abc import Iterator

from backend.volunteers.number_scheme import parse_volunteer_number

LENGTH = 8
LONGEST = 100
"""Characters that are looked at; a number with all its words is far shorter."""

_SAID = {
    digit: value
    for value, digits in enumerate(
        ("零〇○洞", "一幺么壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七拐柒", "八捌", "九勾玖")
    )
    for digit in digits
}
"""Digits as they are said over the telephone and by radio: 幺 for 1, 两 for 2, 拐 for 7, 勾 for 9, 洞 for 0."""

_BEFORE = re.compile(
    r"^(?:志愿者|volunteer)?(?:的)?(?:临时)?(?:编号|号码|工号|number|num|no|nr|号)?[.:#是]*", re.IGNORECASE
)
_AFTER = re.compile(r"号[。.!！]*+$|(?<![。.!！])[。.!！]++$")
_GAPS = {"Zs", "Zl", "Zp", "Pd", "Pc", "Cc", "Cf"}
"""Categories of Unicode that part the groups of a number: spaces, dashes, low lines, and what cannot be seen."""
_MORE_GAPS = "−·•.,、/"  # a minus sign is no dash to Unicode


def digits_of(text: str) -> str | None:
    """Return the eight digits of a number as people write or say it; None when it is no such thing.

    Takes full-width digits, spaces and dashes of all kinds, spoken digits (`幺两三四 五六拐八`) and words before it
    (`编号：`, `No.`). The check digit is not looked at.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    joined = "".join(sign for sign in plain if not _is_gap(sign))
    joined = _AFTER.sub("", _BEFORE.sub("", joined))
    digits = [_digit(sign) for sign in joined]
    if len(digits) != LENGTH or None in digits or len(text) > LONGEST:
        return None
    return "".join(map(str, digits))


def read_number(text: str) -> int | None:
    """Return the volunteer number that a text says; None when it says none, or the check digit is wrong."""
    digits = digits_of(text)
    return None if digits is None else _valid(digits)


def one_slip_away(digits: str) -> set[int]:
    """Return every valid number from which one slip leads to these digits.

    The slips: one wrong digit, two neighbours swapped, two digits swapped over one between them, a pair that is
    another pair (11 for 22), and the same over one between them (1x1 for 2x2).
    """
    return {number for guess in _before_a_slip(digits) if (number := _valid(guess)) is not None} - {
        _valid(digits) or 0
    }


def _before_a_slip(digits: str) -> Iterator[str]:
    for place in range(LENGTH):
        yield from (_with(digits, {place: other}) for other in "0123456789")
        for over in (1, 2):
            if place + over >= LENGTH:
                continue
            here, there = digits[place], digits[place + over]
            yield _with(digits, {place: there, place + over: here})
            if here == there:
                yield from (_with(digits, {place: other, place + over: other}) for other in "0123456789")


def _with(digits: str, changes: dict[int, str]) -> str:
    return "".join(changes.get(place, digit) for place, digit in enumerate(digits))


def _valid(digits: str) -> int | None:
    try:
        return parse_volunteer_number(digits)
    except ValueError:
        return None


def _is_gap(sign: str) -> bool:
    return unicodedata.category(sign) in _GAPS or sign in _MORE_GAPS


def _digit(sign: str) -> int | None:
    return _SAID.get(sign, unicodedata.decimal(sign, None))
