"""Phone numbers: how they are compared."""

import re
import unicodedata

_FILLING = re.compile(r"[\s\-()./]+")
_COUNTRY = re.compile(r"^(\+|00)86(?=1\d{10}$)")
_PHONE = re.compile(r"\+?[0-9]{7,15}")


def read_phone(text: str) -> str:
    """Return the number as it is compared: digits alone, without the country's +86. Raises ValueError."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    phone = text if text.isdigit() else _COUNTRY.sub("", _FILLING.sub("", text))
    if not _PHONE.fullmatch(phone):
        raise ValueError("not a phone number")
    return phone
