"""Phone numbers: one form for each, in which they are stored, compared and signed in with.

| number | its form |
|---|---|
| mobile of the mainland | eleven digits: `13800001234` |
| landline of the mainland | area code and number: `057984123456` |
| of elsewhere | with its country: `+85261234567` |
| extension | after a dash: `057984123456-801` |
"""

import re
import unicodedata

LONGEST = 40
"""Characters of a phone number as people type it, with country, extension and what stands between the digits."""
LONGEST_CELL = 200
"""Characters of a text that may hold several."""

_MOBILE_DIGITS = 11
_TAIL = 4
_PLAIN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FILLING = re.compile(r"[\s\-().·_]+")
# 100 and 101 begin numbers that nobody has, for demonstrations; a landline of Peking, 010, goes on with 2 to 9.
_MOBILE = re.compile(r"(?:(?:\+86|0086|86)?0?(?=1[3-9])|(?=10[01]))(1[0-9]{10})")
# Without its zero, which spreadsheets take away, a landline is only known behind the country.
_LANDLINE = re.compile(
    r"(?:(?:\+86|0086|86)0?|0)((?:10|2[0-9])[2-9][0-9]{7}|[3-9][0-9]{2}[2-9][0-9]{6,7})",
)
_WITHOUT_ZERO = re.compile(r"[3-9][0-9]{2}[2-9][0-9]{7}")
_WITHOUT_PLUS = re.compile(r"85[23][0-9]{8}|886[0-9]{8,9}")
_ABROAD = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_EXTENSION = re.compile(r"(?:-|#|,|x|ext\.?|转|分机):?([0-9]{1,6})$")
_AREA_CODE = re.compile(r"\s*+(0[0-9]{2,3})\s*+/\s*+([0-9]{7,8})\s*+")
_WRITTEN_NUMBER = re.compile(r"([0-9]+)\.0+|([0-9])\.([0-9]+)e(\+?)([0-9]{1,2})")
# What parts two numbers, the plainest first: a space or a dash may as well stand inside one.
_BETWEEN = (
    re.compile(r"[/\\,;|、\n\r\t]+|或|和|及"),
    re.compile(r"[()]|[^\x00-\x7f]+:?"),
    re.compile(r"\s+"),
    re.compile(r"[\s-]+"),
)


def read_phone(text: str) -> str:
    """Return the one number that a text holds, in its form. Raises ValueError for none, and for more than one."""
    phone, is_alone = pick_phone(text)
    if not is_alone:
        raise ValueError("more than one phone number")
    return phone


def pick_phone(text: str) -> tuple[str, bool]:
    """Return a number of a text that may hold several, mobiles first, and whether nothing else stands there.

    Raises ValueError when it holds none. Short numbers, which lead to a person only from inside a company, are none.
    """
    if _PLAIN_MOBILE.fullmatch(text):
        return text, True  # nearly all are so, and there are millions
    if len(text) > LONGEST_CELL:
        raise ValueError("too long for a phone number")
    plain = _plain(text)
    if phone := _whole(plain):
        return phone, True
    for between in _BETWEEN:
        parts = [part for part in between.split(plain) if part.strip()]
        found = [phone for part in parts if (phone := _whole(part))]
        if found:
            return next(filter(is_mobile, found), found[0]), len(parts) == 1
    raise ValueError("not a phone number")


def canonical(text: str) -> str:
    """Return what signs in, in the form in which it is looked for: a phone, or else without what is written between."""
    try:
        return read_phone(text)
    except ValueError:
        return _FILLING.sub("", _plain(text))


def is_mobile(phone: str) -> bool:
    """Tell whether a number, in its form, is a mobile of the mainland."""
    return len(phone) == _MOBILE_DIGITS and phone[0] == "1"


def tail(phone: str) -> str:
    """Return the last four digits of a number in its form, without its extension; empty without as many."""
    number = phone.partition("-")[0]
    return number[-_TAIL:] if len(number) >= _TAIL else ""


def dialled(phone: str) -> str:
    """Return a number as a phone dials it: a pause, and then the extension."""
    return phone.replace("-", ",")


def _plain(text: str) -> str:
    """Return a text in narrow signs: one dash, no marks that cannot be seen, and numbers of spreadsheets whole."""
    text = text.strip().casefold()
    if not text.isascii():
        text = "".join(map(_narrow, unicodedata.normalize("NFKC", text)))
    return _written_out(text) or text


def _narrow(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":  # address books copy a number between marks of direction
        return ""
    return "-" if category == "Pd" or sign in "−ー" else sign


def _written_out(text: str) -> str:
    """Return the digits of `13800001234.0` and `1.3800001234E10`; empty when it is no such thing.

    With a plus (`1.38E+10`) it is what a spreadsheet shows of a number, unless no digit is missing.
    """
    found = _WRITTEN_NUMBER.fullmatch(text)
    if found is None:
        return ""
    whole, first, rest, plus, power = found.groups()
    if whole:
        return str(whole)
    is_whole = len(rest) == int(power) or (len(rest) < int(power) and not plus)
    return f"{first}{rest}".ljust(int(power) + 1, "0") if is_whole else ""


def _whole(text: str) -> str:
    """Return the number that a text is, in its form; empty when it is none, or more than one."""
    if phone := _without_extension(text):
        return phone
    compact = "".join(text.split())
    found = _EXTENSION.search(compact)
    phone = _without_extension(compact[: found.start()]) if found else ""
    return f"{phone}-{found[1]}" if found and phone and not is_mobile(phone) else ""


def _without_extension(text: str) -> str:
    if found := _AREA_CODE.fullmatch(text):
        text = found[1] + found[2]
    digits = _FILLING.sub("", text)
    if found := _MOBILE.fullmatch(digits):
        return str(found[1])
    if found := _LANDLINE.fullmatch(digits):
        return f"0{found[1]}"
    if _WITHOUT_PLUS.fullmatch(digits):
        digits = f"+{digits}"
    if found := _ABROAD.fullmatch(digits):
        return _abroad(found[1])
    return _with_zero(digits) if _WITHOUT_ZERO.fullmatch(digits) else ""


def _abroad(digits: str) -> str:
    """Return a number of another country, country first; empty when it cannot be one."""
    import phonenumbers as library  # 7 MB, for the few processes that meet such a number

    if digits.startswith("86"):
        return ""
    try:
        number = library.parse(f"+{digits}")
    except library.NumberParseException:
        return ""
    if library.is_possible_number_with_reason(number) != library.ValidationResult.IS_POSSIBLE:
        return ""
    return library.format_number(number, library.PhoneNumberFormat.E164)


def _with_zero(digits: str) -> str:
    """Return a landline whose zero a spreadsheet took away, if its area has such numbers."""
    import phonenumbers as library

    return f"0{digits}" if library.is_valid_number(library.parse(f"+86{digits}")) else ""
