"""One space of keys for the acts of both doors: a key that a client made does its act once, by socket or over REST.

A key is taken before anything else in the transaction of its act. So whoever comes with the same key waits until the
act has been done or refused, and locks are taken in one order everywhere: keys, then what acts lock. What an act came
to is not kept. Who repeats it is told how things stand now, and their rights are asked as if they asked for the first
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from backend.lib.bulk import insert_new_rows
from backend.lib.encryption import lookup_key
from backend.lib.errors import SENT_BEFORE, Refusal
from backend.lib.shapes import Request
from backend.realtime.models import KeyedAct

KEPT = timedelta(days=7)
BRIEFLY = timedelta(minutes=10)
"""How long a key is kept whose act told a secret."""
MOST = 10_000
"""Keys of one person; beyond them the oldest are forgotten."""
MOST_BEFORE_SIGN_IN = 100_000
"""Keys of all acts before sign-in together, which are kept briefly."""
NOBODY = 0
"""Stands for the person of an act before sign-in; its key is then made of device, door and key."""

Place = tuple[int, UUID]
"""Whose key it is, and the key."""


class KeyUsedOtherwise(Refusal):
    """This key already belongs to another act, or to the same act with other content; make a key for each act."""

    slug = "key-used-otherwise"
    text = SENT_BEFORE


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for under a key: the act and a keyed hash of its content."""

    person: int
    key: UUID
    act: str
    digest: UUID

    @property
    def place(self) -> Place:
        """Whose key it is: the same again is the same act."""
        return self.person, self.key

    def require_same(self, earlier: KeyedAct) -> None:
        """Raise KeyUsedOtherwise unless the key was used for the same act with the same content."""
        if (earlier.act, earlier.digest) != (self.act, self.digest):
            raise KeyUsedOtherwise


@dataclass(frozen=True, slots=True)
class Claim:
    """The record of a key, and whether it was taken just now: then the act is to be done."""

    row: KeyedAct
    is_new: bool


def asked(person: int, key: UUID, act: str, body: Request) -> Asked:
    """Return what is asked for by a body that was read: however it was written, the same meaning is the same."""
    return Asked(person, key, act, digest_of(act, body.model_dump_json()))


def digest_of(act: str, content: str) -> UUID:
    """Return a keyed hash of what is asked for: without the key nobody can try which phone or code it was."""
    return UUID(hex=lookup_key(content, f"content of {act}"))


def key_before_sign_in(key: UUID, act: str, device: str) -> UUID:
    """Return the key under which an act before sign-in is kept: the same key of another device or door is another."""
    return UUID(hex=lookup_key(f"{key.hex} {device}", f"key of {act}"))


def claim(wanted: Asked, *, at: datetime, kept: timedelta = KEPT) -> Claim:
    """Take a key in the transaction of its act; when it had been taken the act has been done.

    Waits for a request that is doing the act under the same key. Raises KeyUsedOtherwise.
    """
    content = {"act": wanted.act, "digest": wanted.digest, "until": at + kept}
    row, is_new = KeyedAct.objects.get_or_create(person=wanted.person, key=wanted.key, defaults=content)
    if is_new:
        return Claim(row, is_new)
    if row.until <= at:  # the clock has not come to it yet
        row.delete()
        return claim(wanted, at=at, kept=kept)
    wanted.require_same(row)
    return Claim(row, is_new)


def claim_all(wanted: Sequence[Asked], *, at: datetime) -> tuple[dict[Place, int], dict[Place, KeyedAct]]:
    """Take many keys, each another's; returns the records of those that are taken now, and those of earlier acts.

    Whether an earlier act was the same is left to the caller.
    """
    # In one order everywhere, so that two batches with the same keys do not wait for each other.
    rows = [
        {"person": one.person, "key": one.key, "act": one.act, "digest": one.digest, "until": at + KEPT}
        for one in sorted(wanted, key=lambda one: one.place)
    ]
    taken: dict[Place, int] = insert_new_rows(KeyedAct, rows, unique=("person", "key"))
    known = [one for one in wanted if one.place not in taken]
    if not known:
        return taken, {}
    found = KeyedAct.objects.filter(
        person__in=[one.person for one in known], key__in=[one.key for one in known]
    )
    return taken, {(row.person, row.key): row for row in found}


def find(wanted: Asked, *, at: datetime) -> KeyedAct | None:
    """Return the record of an act that was done under a key, None when there is none. Raises KeyUsedOtherwise."""
    row = KeyedAct.objects.filter(person=wanted.person, key=wanted.key, until__gt=at).first()
    if row is not None:
        wanted.require_same(row)
    return row


def note(taken: int, *, made: str = "", sealed: str = "") -> None:
    """Note with a key what its act has made, and what it has told, sealed."""
    KeyedAct.objects.filter(pk=taken).update(made=made, sealed=sealed)


def release(taken: Sequence[int]) -> None:
    """Give keys back whose acts were refused: a refused act has done nothing, and leaves no key."""
    if taken:
        KeyedAct.objects.filter(pk__in=taken).delete()


def move(before: int, after: int) -> None:
    """Hand the keys of a number on to another number of the same person; a key that both have stays the other's."""
    theirs = KeyedAct.objects.filter(person=before)
    theirs.filter(key__in=KeyedAct.objects.filter(person=after).values("key")).delete()
    theirs.update(person=after)


def forget_keys(*, at: datetime, limit: int) -> int:
    """Delete keys that are past their time, at most so many; returns how many."""
    over = KeyedAct.objects.filter(until__lte=at).order_by("until").values_list("id", flat=True)
    return KeyedAct.objects.filter(pk__in=list(over[:limit])).delete()[0]


def forget_surplus_keys(*, limit: int) -> int:
    """Delete the oldest keys of people who have too many, at most so many of each; returns how many."""
    held = KeyedAct.objects.values("person").annotate(keys=Count("id")).order_by()
    gone = 0
    for person, keys in held.filter(keys__gt=MOST).values_list("person", "keys"):
        surplus = keys - (MOST_BEFORE_SIGN_IN if person == NOBODY else MOST)
        oldest = KeyedAct.objects.filter(person=person).order_by("id").values_list("id", flat=True)
        gone += KeyedAct.objects.filter(pk__in=list(oldest[: max(0, min(surplus, limit))])).delete()[0]
    return gone
