"""Identity card numbers of residents (GB 11643), and what other documents look like beside them."""

import re
from datetime import date
from functools import lru_cache

from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

_LENGTH = 18
_FEWEST_DIGITS = 16
_PERMIT_OF_FOREIGNERS = "9"
"""What numbers on permanent residence permits begin with (since 2023); check and date are those of a card."""
_TAIWAN = "830000"
"""The place on residence permits of people of Taiwan; those of Hong Kong and Macao are in the list of places."""


def read_id_card(text: str) -> tuple[str, date]:
    """Return the number with a capital X, and the date of birth in it. Raises ValueError.

    As `stdnum.cn.ric.validate`, but a place only has to exist, whenever: people keep the number of a county that was
    renamed before they were born. The places are looked up once each; without that a row costs four times as much.
    Numbers of residence permits are made in the same way, and are taken too.
    """
    number = text.upper()
    if len(number) != _LENGTH:
        number = ric.compact(text)  # takes longer than everything below
    if len(number) != _LENGTH or not number[:-1].isdecimal() or not number.isascii():
        raise ValueError("an identity card number has 18 characters")
    if number[-1] != ric.calc_check_digit(number) or not _is_place(number[:6]):
        raise ValueError("not an identity card number")
    try:
        return number, ric.get_birth_date(number)
    except ValidationError as error:
        raise ValueError("no date of birth") from error


def is_other_document(text: str) -> bool:
    """Tell whether a text is not even meant as the number of a card: a passport, a travel permit, an old card, a word.

    A number of a card in which a digit is wrong or missing is meant as one.
    """
    return len(re.findall("[0-9]", text)) < _FEWEST_DIGITS


@lru_cache(maxsize=10_000)
def _is_place(code: str) -> bool:
    places = numdb.get("cn/loc")
    if code.startswith(_PERMIT_OF_FOREIGNERS):
        return bool(places.info(code[1:3])[0][1]) and code[3:] != "000"  # a province, and a country
    return code == _TAIWAN or all(found for _, found in places.info(code))
