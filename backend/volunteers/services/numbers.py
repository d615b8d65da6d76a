"""Issues volunteer numbers: each once, in scattered order, whoever asks at the same time."""

from hashlib import blake2b

from django.db import transaction

from backend.lib.checkdigit import FIRST_SERIAL, SERIALS, volunteer_number
from backend.lib.errors import Refusal
from backend.volunteers.models import NumberCounter

_LEFT, _RIGHT = 2_000, 4_000
_ROUNDS = 6


class NumbersExhausted(Refusal):
    """Every volunteer number has been issued."""


def issue_number() -> int:
    """Return a number nobody has had."""
    return issue_numbers(1)[0]


@transaction.atomic
def issue_numbers(count: int) -> list[int]:
    """Return numbers nobody has had. Locks the counter's row until the caller's transaction ends.

    If that is rolled back the numbers are free again; nobody has seen them.
    """
    counter, _ = NumberCounter.objects.select_for_update().get_or_create(pk=1)
    numbers: list[int] = []
    while len(numbers) < count:
        if counter.used >= SERIALS:
            raise NumbersExhausted
        number = volunteer_number(FIRST_SERIAL + scattered(counter.used, bytes(counter.key)))
        counter.used += 1
        if number is not None:
            numbers.append(number)
    counter.save(update_fields=["used"])
    return numbers


def scattered(index: int, key: bytes) -> int:
    """Return where `index` goes in a keyed permutation of 0 … 7,999,999: a Feistel network on 2,000 × 4,000.

    Each round adds to one half a keyed hash of the other, which can be undone; so no two indexes meet.
    """
    left, right = divmod(index, _RIGHT)
    for turn in range(0, _ROUNDS, 2):
        left = (left + _hash(turn, right, key)) % _LEFT
        right = (right + _hash(turn + 1, left, key)) % _RIGHT
    return left * _RIGHT + right


def _hash(turn: int, half: int, key: bytes) -> int:
    digest = blake2b(turn.to_bytes(2, "big") + half.to_bytes(2, "big"), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big")
