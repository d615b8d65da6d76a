"""How names sound, so that they are found by typing letters."""

from functools import lru_cache
from typing import NamedTuple

from pypinyin import Style, lazy_pinyin

_PINYIN, _INITIALS = 80, 20
"""Characters that are kept: the columns' lengths."""


class Sound(NamedTuple):
    """A name in letters: whole, and the first of each syllable."""

    pinyin: str
    initials: str


@lru_cache(maxsize=50_000)
def sound_of(name: str) -> Sound:
    """Return how a name sounds, in small letters without spaces; letters and digits stay what they are.

    Of a character with several readings the commonest counts, or the one of a phrase that the dictionary has.
    """
    return Sound(
        letters("".join(lazy_pinyin(name)))[:_PINYIN],
        letters("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))[:_INITIALS],
    )


def letters(text: str) -> str:
    """Return what of a text is compared: small letters and digits, whatever stands between them."""
    return "".join(character for character in text.lower() if character.isalnum())
