"""Pronunciations of names, so that a search finds them by typed letters."""

import os
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from backend.lib.names import plain_name
from backend.lib.surnames import SURNAMES

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # 60 MB of phrases, which no name needs
from pypinyin import lazy_pinyin

_NAME, _PINYIN, _INITIALS = 80, 80, 20
"""Characters of a stored name: the lengths of the columns."""
_LONGEST_SURNAME = max(map(len, SURNAMES))
_SURNAME_OR_NONE = SURNAMES | {"": ((),)}
_BEGINNINGS = frozenset(surname[0] for surname in SURNAMES)
_UMLAUT = re.compile("(?<=[nl])[üǖǘǚǜ]")
_MAY_HAVE_UMLAUT = re.compile("[üǖǘǚǜÜǕǗǙǛ\u0308]")
_UMLAUT_IN_LETTERS = re.compile("(?<=[nl])(?:yu|u(?=e))")


class Sound(NamedTuple):
    """A name in letters: whole, and its initials, one a syllable."""

    pinyin: str
    initials: str


class Elsewhere(NamedTuple):
    """The beginnings of names that are stored under another reading: in characters, and for longer input in letters."""

    surname: str
    pinyin: str = ""
    initials: str = ""


def kept_name(name: str) -> str:
    """Return a name as it is stored for a search by characters."""
    return plain_name(name)[:_NAME]


def sound_of(name: str) -> Sound:
    """Return the pronunciation of a name in small letters without spaces; letters and digits stay, ü is v.

    A character with several readings has its most common one; a surname has its own.
    """
    plain = _plain(name)
    syllables = [_syllable(character) for character in plain]
    if len(syllables) > 1 and plain[0] in _BEGINNINGS:
        surname = next(
            plain[:size] for size in range(_LONGEST_SURNAME, -1, -1) if plain[:size] in _SURNAME_OR_NONE
        )
        syllables[: len(surname)] = _SURNAME_OR_NONE[surname][0]
    return Sound("".join(syllables)[:_PINYIN], "".join([syllable[:1] for syllable in syllables])[:_INITIALS])


def other_readings(typed: str) -> Iterator[Elsewhere]:
    """Yield other places of names with the typed reading: `danyi` leads to 单, which is stored as shan."""
    for surname, (own, *others) in SURNAMES.items():
        for reading in others:
            yield from _led_to(surname, own, reading, typed)


def _led_to(surname: str, own: tuple[str, ...], reading: tuple[str, ...], typed: str) -> Iterator[Elsewhere]:
    whole, first, own_first = "".join(reading), _first_of(reading), _first_of(own)
    if whole.startswith(typed) or first.startswith(typed):
        yield Elsewhere(surname)
        return
    if typed.startswith(whole):
        yield Elsewhere(surname, pinyin="".join(own) + typed[len(whole) :])
    if typed.startswith(first) and first != own_first:
        yield Elsewhere(surname, initials=own_first + typed[len(first) :])


def spelled_with_v(typed: str) -> str:
    """Return letters with a v for the ü that passports spell yu or u: `lyuliang`, `nue`."""
    return _UMLAUT_IN_LETTERS.sub("v", typed)


def letters(text: str) -> str:
    """Return the comparable part of a text: small letters and digits, without separators; ü is v."""
    return "".join(character for character in _plain(text) if character.isalnum())


def _plain(text: str) -> str:
    if _MAY_HAVE_UMLAUT.search(text):
        text = _UMLAUT.sub("v", unicodedata.normalize("NFC", text).casefold())
    return plain_name(text)


def _first_of(syllables: tuple[str, ...]) -> str:
    return "".join(syllable[0] for syllable in syllables)


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    return letters("".join(lazy_pinyin(character)))
