"""Phone numbers: how they are compared."""

import re
import unicodedata

_FILLING = re.compile(r"[\s\-()./]+")
_COUNTRY = re.compile(r"^(\+|00)86(?=1\d{10}$)")
_MOBILE = 11
_PHONE = re.compile(r"\+?[0-9]{7,15}")


def canonical(text: str) -> str:
    """Return a number as it is compared: without what people write between the digits, and the country's +86."""
    return _COUNTRY.sub("", _FILLING.sub("", text))


def read_phone(text: str) -> str:
    """Return the number as it is compared: digits alone, without the country's +86. Raises ValueError."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    is_plain = len(text) == _MOBILE and text.isdigit()  # nearly all are, and there are millions
    phone = text if is_plain else canonical(text)
    if not _PHONE.fullmatch(phone):
        raise ValueError("not a phone number")
    return phone
