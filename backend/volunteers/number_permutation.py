"""Scatters serials: a keyed permutation of a counter, so that numbers do not tell how many there are."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from backend.volunteers.number_scheme import FIRST_SERIAL, FIRST_TEMPORARY_SERIAL, volunteer_number

_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Span:
    """Serials in a row, `left` × `right` of them. A counter's indexes are scattered over them."""

    first: int
    left: int
    right: int

    @property
    def size(self) -> int:
        """How many serials there are."""
        return self.left * self.right

    def number_at(self, index: int, key: bytes) -> int | None:
        """Return the eight-digit number that an index stands for; None for one that is skipped."""
        return volunteer_number(self.first + scattered(index, key, self))

    def index_of(self, number: int, key: bytes) -> int:
        """Return the index that stands for a number of this span: the inverse of `number_at`."""
        return gathered(number // 10 - self.first, key, self)

    def holds(self, number: int) -> bool:
        """Tell whether an eight-digit number has its serial in this span."""
        return self.first <= number // 10 < self.first + self.size


LIFE = Span(FIRST_SERIAL, 2_000, 4_000)
"""Serials 1000000–8999999."""
TEMPORARY = Span(FIRST_TEMPORARY_SERIAL, 1_000, 1_000)
"""Serials 9000000–9999999."""


def scattered(index: int, key: bytes, span: Span = LIFE) -> int:
    """Return where `index` goes in a keyed permutation of 0 … size − 1: a Feistel network on left × right.

    Each round adds to one half a keyed hash of the other. This can be undone, so no two indexes meet.
    """
    left, right = divmod(index, span.right)
    for turn in range(0, _ROUNDS, 2):
        left = (left + _hash(turn, right, key)) % span.left
        right = (right + _hash(turn + 1, left, key)) % span.right
    return left * span.right + right


def gathered(place: int, key: bytes, span: Span = LIFE) -> int:
    """Return the index that `scattered` sends to `place`: the same rounds backwards, taking away what they added."""
    left, right = divmod(place, span.right)
    for turn in reversed(range(0, _ROUNDS, 2)):
        right = (right - _hash(turn + 1, left, key)) % span.right
        left = (left - _hash(turn, right, key)) % span.left
    return left * span.right + right


@lru_cache(
    maxsize=1 << 15
)  # each half of the index has a few thousand values: a process that issues many numbers meets them again
def _hash(turn: int, half: int, key: bytes) -> int:
    digest = blake2b(turn.to_bytes(2, "big") + half.to_bytes(2, "big"), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big")
