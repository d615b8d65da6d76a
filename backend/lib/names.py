"""Names of people and units: the texts that can be a name, and the equality of two names.

A name is stored as given, without invisible characters. Python's own version of Unicode does not decide: people have
names in newer characters.
"""

import re
import unicodedata

from backend.lib.texts import NotAText, read_line, without_unseen

LONGEST = 80

_ORDINARY = re.compile(r"[\u4e00-\u9fff]{1,80}")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_LETTERS = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Co", "Cn"}
"""A name needs a character of one of these categories. `Co` is private use; `Cn` is newer than this Python."""
_PASSED_OVER = re.compile(
    "[·•‧∙⋅・･.．。｡᛫ᐧ⸱⸳ꞏ◦●⚫▪\u00b7\u0387\u2024\U00010101"  # dots in the middle of a name
    "'’‘ʼ＇`´"  # apostrophes
    "\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # accents, variants of characters
)
_GAPS = {"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"}


class NotAName(NotAText):
    """A text that cannot be a name; the message ends a sentence."""


def read_name(text: str, *, longest: int = LONGEST) -> str:
    """Return a name as it is stored: one line with at least one letter. Raises NotAName."""
    if _ORDINARY.fullmatch(text):
        return text  # nearly all are so, and there are millions
    name = _line(text)
    if not name:
        raise NotAName("must not be empty")
    if len(name) > longest:
        raise NotAName(f"must have at most {longest} characters")
    if name.startswith(_FORMULA):
        raise NotAName("must not begin like a formula")
    if not _LETTERS.intersection(map(unicodedata.category, name)):
        raise NotAName("must hold a letter")
    return name


def plain_name(text: str) -> str:
    """Return a name as it is compared and searched: one width, one case, no spaces, dashes, dots or accents.

    The result may be longer than the name.
    """
    if _ORDINARY.fullmatch(text):
        return text
    folded = _PASSED_OVER.sub("", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(sign for sign in folded if unicodedata.category(sign) not in _GAPS)
    return unicodedata.normalize("NFC", without_unseen(kept))


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are equal in comparison."""
    return plain_name(one) == plain_name(other)


def _line(text: str) -> str:
    try:
        line = read_line(text)
    except NotAText as error:
        raise NotAName(str(error)) from error
    if any(map(_is_no_character, line)):
        raise NotAName("must not hold characters that were lost")
    return line


def _is_no_character(sign: str) -> bool:
    """Tell whether a sign can never be a character, or replaces one that was lost in transit."""
    code = ord(sign)
    return sign == "\ufffd" or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
