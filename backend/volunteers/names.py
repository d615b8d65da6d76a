"""How names sound, so that they are found by typing letters."""

import os
from functools import lru_cache
from typing import NamedTuple

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # 60 MB of phrases, which names are not
from pypinyin import lazy_pinyin

_PINYIN, _INITIALS = 80, 20
"""Characters that are kept: the columns' lengths."""
SURNAMES = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "区": "ou",
    "查": "zha",
    "盖": "ge",
    "朴": "piao",
    "任": "ren",
    "华": "hua",
    "燕": "yan",
    "乐": "yue",
    "冼": "xian",
    "繁": "po",
    "员": "yun",
    "覃": "qin",
    "缪": "miao",
    "纪": "ji",
    "翟": "zhai",
    "召": "shao",
    "尉": "wei",
    "万": "wan",
    "折": "she",
    "那": "na",
}
"""Readings that a character has at the beginning of a name, where it is read otherwise elsewhere."""


class Sound(NamedTuple):
    """A name in letters: whole, and the first of each syllable."""

    pinyin: str
    initials: str


def sound_of(name: str) -> Sound:
    """Return how a name sounds, in small letters without spaces; letters and digits stay what they are.

    Of a character with several readings the commonest counts, for a surname the one of surnames.
    """
    syllables = [_syllable(character) for character in name]
    if len(syllables) > 1:
        syllables[0] = SURNAMES.get(name[0], syllables[0])
    return Sound("".join(syllables)[:_PINYIN], "".join([syllable[:1] for syllable in syllables])[:_INITIALS])


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    return letters("".join(lazy_pinyin(character)))


def letters(text: str) -> str:
    """Return what of a text is compared: small letters and digits, whatever stands between them."""
    return "".join(character for character in text.lower() if character.isalnum())
