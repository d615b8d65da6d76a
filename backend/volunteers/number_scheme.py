"""Volunteer and unit numbers: their check character (ISO 7064 MOD 11-2), how they are read and written."""

import re

from stdnum.iso7064 import mod_11_2

FIRST_SERIAL, SERIALS = 1_000_000, 8_000_000
"""Serials 1000000–8999999: a first digit 9 is kept for temporary numbers."""
FIRST_TEMPORARY_SERIAL = 9_000_000


def check_character(digits: str) -> str:
    """Return the check character of `digits`: 0–9 or X."""
    return str(mod_11_2.calc_check_digit(digits))


def volunteer_number(serial: int) -> int | None:
    """Return the eight-digit number of a seven-digit serial; None when its check would be X: it is skipped."""
    check = check_character(f"{serial:07d}")
    return None if check == "X" else serial * 10 + int(check)


def parse_volunteer_number(text: str) -> int:
    """Return the number written as `2345 6781`, with or without spaces; raise ValueError if it is none."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[1-9][0-9]{7}", digits) or not mod_11_2.is_valid(digits):
        raise ValueError("not a volunteer number")
    return int(digits)


def format_volunteer_number(number: int) -> str:
    """Return the number as people read it: `2345 6781`."""
    return f"{number:08d}"[:4] + " " + f"{number:08d}"[4:]


def unit_number(corps: int = 0, detachment: int = 0, brigade: int = 0, squadron: int = 0) -> str:
    """Return CCDDBBSSS and its check character; headquarters is all zeros."""
    digits = f"{corps:02d}{detachment:02d}{brigade:02d}{squadron:03d}"
    if len(digits) != 9:
        raise ValueError(f"no unit can have the number {digits}")
    return digits + check_character(digits)


def parse_unit_number(text: str) -> str:
    """Return the number written as `07-26-04-012-5`, with or without dashes; raise ValueError if it is none."""
    number = re.sub(r"[\s-]", "", text).upper()
    if not re.fullmatch(r"[0-9]{9}[0-9X]", number) or not mod_11_2.is_valid(number):
        raise ValueError("not a unit number")
    return number


def format_unit_number(number: str) -> str:
    """Return the number as people read it: `07-26-04-012-5`."""
    return "-".join((number[:2], number[2:4], number[4:6], number[6:9], number[9:]))
