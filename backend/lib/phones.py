"""Phone numbers, in one canonical form for storage, comparison and sign-in.

| number | its form |
|---|---|
| mobile of the mainland | eleven digits: `13800001234` |
| landline of the mainland | area code and number: `057984123456` |
|| elsewhere | with its country code: `+85261234567` |
| extension | after a dash: `057984123456-801` |
"""

import re
import unicodedata

LONGEST = 40
"""Characters of a phone number as people type it, with country, extension and separators."""
LONGEST_CELL = 200
"""Characters of a text that may hold several."""

_MOBILE_DIGITS = 11
_TAIL = 4
_PLAIN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FILLING = re.compile(r"[\s\-().·_]+")
# 100 and 101 begin unassigned numbers, for demonstrations; a landline of Peking, 010, goes on with 2 to 9.
_MOBILE = re.compile(r"(?:(?:\+86|0086|86)?0?(?=1[3-9])|(?=10[01]))(1[0-9]{10})")
# A landline without its leading zero, which spreadsheets drop, is recognised only after the country code.
_LANDLINE = re.compile(
    r"(?:(?:\+86|0086|86)0?|0)((?:10|2[0-9])[2-9][0-9]{7}|[3-9][0-9]{2}[2-9][0-9]{6,7})",
)
_WITHOUT_ZERO = re.compile(r"[3-9][0-9]{2}[2-9][0-9]{7}")
_WITHOUT_PLUS = re.compile(r"85[23][0-9]{8}|886[0-9]{8,9}")
_ABROAD = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_EXTENSION = re.compile(r"(?:-|#|,|x|ext\.?|转|分机):?([0-9]{1,6})$")
_AREA_CODE = re.compile(r"\s*+(0[0-9]{2,3})\s*+/\s*+([0-9]{7,8})\s*+")
_WRITTEN_NUMBER = re.compile(r"([0-9]+)\.0+|([0-9])\.([0-9]+)e(\+?)([0-9]{1,2})")
# Separators between two numbers, the clearest first: a space or a dash may also stand inside one.
_BETWEEN = (
    re.compile(r"[/\\,;|、\n\r\t]+|或|和|及"),
    re.compile(r"[()]|[^\x00-\x7f]+:?"),
    re.compile(r"\s+"),
    re.compile(r"[\s-]+"),
)


def read_phone(text: str) -> str:
    """Return the one number that a text holds, in its form. Raises ValueError for none or several."""
    phone, is_alone = pick_phone(text)
    if not is_alone:
        raise ValueError("more than one phone number")
    return phone


def pick_phone(text: str) -> tuple[str, bool]:
    """Return a number of a text that may hold several, mobiles first, and whether the text holds nothing else.

    Raises ValueError when it holds none. Short numbers do not count: only phones inside one company can dial them.
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
    """Return what a person typed to sign in, in its search form: a phone, or else the text without separators."""
    try:
        return read_phone(text)
    except ValueError:
        return _FILLING.sub("", _plain(text))


def is_mobile(phone: str) -> bool:
    """Tell whether a number, in its form, is a mobile of the mainland."""
    return len(phone) == _MOBILE_DIGITS and phone[0] == "1"


def tail(phone: str) -> str:
    """Return the last four digits of a number in its form, without its extension; empty for a shorter number."""
    number = phone.partition("-")[0]
    return number[-_TAIL:] if len(number) >= _TAIL else ""


def dialled(phone: str) -> str:
    """Return a number as a phone dials it: the number, a pause, the extension."""
    return phone.replace("-", ",")


def _plain(text: str) -> str:
    """Return a text in narrow characters: one kind of dash, no invisible marks, spreadsheet numbers written out."""
    text = text.strip().casefold()
    if not text.isascii():
        text = "".join(map(_narrow, unicodedata.normalize("NFKC", text)))
    return _written_out(text) or text


def _narrow(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":  # address books copy a number between direction marks
        return ""
    return "-" if category == "Pd" or sign in "−ー" else sign


def _written_out(text: str) -> str:
    """Return the digits of `13800001234.0` and `1.3800001234E10`; empty for any other text.

    With a plus (`1.38E+10`) it is the rounded display of a spreadsheet, so it is read only if no digit is missing.
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
    """Return the one number of a text, in its form; empty for none or several."""
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
    """Return a number of another country, country first; empty if it cannot be one."""
    import phonenumbers as library  # 7 MB, for the few processes that meet a foreign number

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
    """Return a landline with the zero that a spreadsheet dropped, if its area has such numbers."""
    import phonenumbers as library

    return f"0{digits}" if library.is_valid_number(library.parse(f"+86{digits}")) else ""
