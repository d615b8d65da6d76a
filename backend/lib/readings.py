"""How names sound, so that they are found by typing letters."""

import os
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from backend.lib.names import plain_name
from backend.lib.surnames import SURNAMES

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # 60 MB of phrases, which names are not
from pypinyin import lazy_pinyin

_NAME, _PINYIN, _INITIALS = 80, 80, 20
"""Characters that are kept: the columns' lengths."""
_LONGEST_SURNAME = max(map(len, SURNAMES))
_SURNAME_OR_NONE = SURNAMES | {"": ((),)}
_BEGINNINGS = frozenset(surname[0] for surname in SURNAMES)
_UMLAUT = re.compile("(?<=[nl])[üǖǘǚǜ]")
_MAY_HAVE_UMLAUT = re.compile("[üǖǘǚǜÜǕǗǙǛ\u0308]")
_UMLAUT_IN_LETTERS = re.compile("(?<=[nl])(?:yu|u(?=e))")


class Sound(NamedTuple):
    """A name in letters: whole, and the first of each syllable."""

    pinyin: str
    initials: str


class Elsewhere(NamedTuple):
    """What names begin with that are kept under another reading: in characters, and in letters where more is known."""

    surname: str
    pinyin: str = ""
    initials: str = ""


def kept_name(name: str) -> str:
    """Return a name as it is kept to be searched by its characters."""
    return plain_name(name)[:_NAME]


def sound_of(name: str) -> Sound:
    """Return how a name sounds, in small letters without spaces; letters and digits stay what they are, ü is v.

    Of a character with several readings the commonest counts, of a surname its own.
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
    """Yield where else names may be kept that are read as typed: `danyi` leads to 单, which is kept as shan."""
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
    """Return what of a text is compared: small letters and digits, whatever stands between them; ü is v."""
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
