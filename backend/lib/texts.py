"""Texts that people write, normalised to one line or to several.

Every text is shown to others, in lists, on paper and in notifications. So it may hold no control characters, and no
marks that reverse the direction of the text after it.
"""

import re
import unicodedata

_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
"""Categories that no line has: controls with line breaks, surrogates, separators of lines and paragraphs."""
_SEEN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u2800\u3164\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
"""Letters, marks and places that are invisible, although their category does not say so."""
_JOINERS = "\u200c\u200d"
_HAN_AND_LATER = "\u1100"
_OF_PICTURES = {"So", "Sk"}
_OTHER_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
"""Line endings of programs, other than the line feed."""


class NotAText(ValueError):
    """A rejected text; the message ends a sentence."""


def read_line(text: str) -> str:
    """Return a text of one line in its stored form. Raises NotAText.

    Surrounding space is cut off. Invisible characters are removed: direction marks, zero-width spaces. Joiners of
    letters or pictures stay between the characters that they join.
    """
    line = without_unseen(text).strip()
    if not _is_fit(line):
        raise NotAText("must not hold line breaks or control characters")
    return line


def read_text(text: str) -> str:
    """Return a text of several lines in its stored form, with line feeds. Raises NotAText. See `read_line`."""
    lines = without_unseen(_OTHER_ENDS.sub("\n", text)).strip()
    if not _is_fit(lines.replace("\n", "").replace("\t", "")):
        raise NotAText("must not hold control characters")
    return lines


def as_line(text: str) -> str:
    """Return the storable part of a text that a program made, for example of a file name."""
    return "".join(sign for sign in without_unseen(text) if _is_fit(sign)).strip()


def without_unseen(text: str) -> str:
    """Return a text without invisible characters."""
    if text.isascii():
        return text
    if text.isprintable():  # holds no character that its category removes
        return _SEEN_AS_NOTHING.sub("", text)
    kept = "".join(sign for place, sign in enumerate(text) if not _is_unseen(text, place, sign))
    return _SEEN_AS_NOTHING.sub("", kept)


def _is_fit(text: str) -> bool:
    return text.isprintable() or not _REFUSED.intersection(map(unicodedata.category, text))


def _is_unseen(text: str, place: int, sign: str) -> bool:
    if sign in _JOINERS:
        before, behind = text[place - 1 : place], text[place + 1 : place + 2]
        return not (_takes_joiners(before) and _takes_joiners(behind))
    return unicodedata.category(sign) == "Cf"


def _takes_joiners(sign: str) -> bool:
    """Tell whether a joiner changes the shape of a sign: in scripts like Arabic and those of India, and in pictures."""
    if "\u0600" <= sign < _HAN_AND_LATER:
        return unicodedata.category(sign)[0] in "LM"
    return sign == "\ufe0f" or (len(sign) == 1 and unicodedata.category(sign) in _OF_PICTURES)
