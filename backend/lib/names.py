"""Names of people and units: what may be one, and when two are the same.

A name is kept as it was given, without what cannot be seen. What this Python knows of Unicode does not decide: people
have names in characters that are newer.
"""

import re
import unicodedata

LONGEST = 80

_ORDINARY = re.compile(r"[\u4e00-\u9fff]{1,80}")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
"""Categories that no name has: controls with line breaks, halves of characters, ends of lines and paragraphs."""
_LETTERS = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Co", "Cn"}
"""Categories of which a name needs one. `Co` are characters of one's own, `Cn` those newer than this Python."""
_SEEN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u2800\u3164\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
"""Letters, marks and places without a character that are shown as nothing, although their category does not say so."""
_JOINERS = "\u200c\u200d"
_HAN_AND_LATER = "\u1100"
_PASSED_OVER = re.compile(
    "[·•‧∙⋅・･.．。｡᛫ᐧ⸱⸳ꞏ◦●⚫▪\u00b7\u0387\u2024\U00010101"  # dots in the middle of a name
    "'’‘ʼ＇`´"  # apostrophes
    "\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # accents, variants of characters
)
_GAPS = {"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"}


class NotAName(ValueError):
    """What cannot be a name, in words that end a sentence."""


def read_name(text: str, *, longest: int = LONGEST) -> str:
    """Return a name as it is kept. Raises NotAName.

    What stands around it is cut off, and signs that cannot be seen are left out: marks of direction, spaces without
    width. Those that join letters stay between letters that need them.
    """
    if _ORDINARY.fullmatch(text):
        return text  # nearly all are so, and there are millions
    name = _without_unseen(text).strip()
    if not name:
        raise NotAName("must not be empty")
    if len(name) > longest:
        raise NotAName(f"must have at most {longest} characters")
    if name.startswith(_FORMULA):
        raise NotAName("must not begin like a formula")
    categories = {unicodedata.category(sign) for sign in name}
    if categories & _REFUSED or any(map(_is_no_character, name)):
        raise NotAName("must not hold line breaks, control characters or characters that were lost")
    if not categories & _LETTERS:
        raise NotAName("must hold a letter")
    return name


def plain_name(text: str) -> str:
    """Return a name as it is compared and searched: one width, one case, no spaces, dashes, dots or accents.

    It may be longer than the name.
    """
    if _ORDINARY.fullmatch(text):
        return text
    folded = _PASSED_OVER.sub("", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(sign for sign in folded if unicodedata.category(sign) not in _GAPS)
    return unicodedata.normalize("NFC", _SEEN_AS_NOTHING.sub("", kept))


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same as they are compared."""
    return plain_name(one) == plain_name(other)


def _without_unseen(text: str) -> str:
    if text.isprintable():  # holds nothing of what is left out by its category
        return _SEEN_AS_NOTHING.sub("", text)
    kept = "".join(sign for place, sign in enumerate(text) if not _is_unseen(text, place, sign))
    return _SEEN_AS_NOTHING.sub("", kept)


def _is_unseen(text: str, place: int, sign: str) -> bool:
    if sign in _JOINERS:
        return not (_takes_joiners(text[place - 1 : place]) and _takes_joiners(text[place + 1 : place + 2]))
    return unicodedata.category(sign) == "Cf"


def _takes_joiners(sign: str) -> bool:
    """Tell whether a sign is of a script in which joiners change how letters look: Arabic, those of India."""
    return "\u0600" <= sign < _HAN_AND_LATER and unicodedata.category(sign)[0] in "LM"


def _is_no_character(sign: str) -> bool:
    """Tell whether a sign can never be a character, or stands for one that was lost on the way."""
    code = ord(sign)
    return sign == "\ufffd" or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
