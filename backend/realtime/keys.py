"""Idempotency keys: one space for socket and REST, in which a client's key does its act once.

A key is claimed before all else in the transaction of its act. So a request with the same key waits until the act is
done or refused. Locks are taken in the same order everywhere: keys first, then those of the acts. The result of an act
is not stored. A repetition reads the present state, and its rights are checked as for a first request.
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
"""Lifetime of a key whose act told a secret."""
MOST = 10_000
"""Keys of one person; above it the oldest are deleted."""
MOST_BEFORE_SIGN_IN = 100_000
"""Keys of all acts before sign-in together; they have a short lifetime."""
NOBODY = 0
"""Replaces the person of an act before sign-in, whose key is derived from device, address and key."""

Place = tuple[int, UUID]
"""The owner of a key, and the key."""


class KeyUsedOtherwise(Refusal):
    """This key already belongs to another act, or to the same act with other content; make a key for each act."""

    slug = "key-used-otherwise"
    text = SENT_BEFORE


@dataclass(frozen=True, slots=True)
class Asked:
    """A client's request under a key: the act and a keyed hash of its content."""

    person: int
    key: UUID
    act: str
    digest: UUID

    @property
    def place(self) -> Place:
        """The owner and the key: the same place is the same act."""
        return self.person, self.key

    def require_same(self, earlier: KeyedAct) -> None:
        """Raise KeyUsedOtherwise unless the key was used for the same act with the same content."""
        if (earlier.act, earlier.digest) != (self.act, self.digest):
            raise KeyUsedOtherwise


@dataclass(frozen=True, slots=True)
class Claim:
    """The record of a key, and whether this request claimed it: then the act is still to be done."""

    row: KeyedAct
    is_new: bool


def asked(person: int, key: UUID, act: str, body: Request) -> Asked:
    """Return a parsed body as a request under a key: equal meaning gives an equal hash, however it was written."""
    return Asked(person, key, act, digest_of(act, body.model_dump_json()))


def digest_of(act: str, content: str) -> UUID:
    """Return a keyed hash of a request: an attacker without the key cannot try out phones or codes."""
    return UUID(hex=lookup_key(content, f"content of {act}"))


def key_before_sign_in(key: UUID, act: str, device: str) -> UUID:
    """Return the stored form of a key before sign-in: the same key from another device or for another act differs."""
    return UUID(hex=lookup_key(f"{key.hex} {device}", f"key of {act}"))


def claim(wanted: Asked, *, at: datetime, kept: timedelta = KEPT) -> Claim:
    """Claim a key in the transaction of its act. If it is already claimed, the act is done.

    Waits for a request that does the act under the same key. Raises KeyUsedOtherwise.
    """
    content = {"act": wanted.act, "digest": wanted.digest, "until": at + kept}
    row, is_new = KeyedAct.objects.get_or_create(person=wanted.person, key=wanted.key, defaults=content)
    if is_new:
        return Claim(row, is_new)
    if row.until <= at:  # expired, but not deleted by the clock yet
        row.delete()
        return claim(wanted, at=at, kept=kept)
    wanted.require_same(row)
    return Claim(row, is_new)


def claim_all(wanted: Sequence[Asked], *, at: datetime) -> tuple[dict[Place, int], dict[Place, KeyedAct]]:
    """Claim many keys of many people; return the new records, and the records of earlier acts.

    The caller compares the content of an earlier act.
    """
    # The same order everywhere, so that two batches with the same keys cannot deadlock.
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
    """Return the record of an act that was done under a key, or None. Raises KeyUsedOtherwise."""
    row = KeyedAct.objects.filter(person=wanted.person, key=wanted.key, until__gt=at).first()
    if row is not None:
        wanted.require_same(row)
    return row


def note(taken: int, *, made: str = "", sealed: str = "") -> None:
    """Store with a key the object that its act made, and the secret that it told, sealed."""
    KeyedAct.objects.filter(pk=taken).update(made=made, sealed=sealed)


def release(taken: Sequence[int]) -> None:
    """Release the keys of refused acts: a refused act has no effect and leaves no key."""
    if taken:
        KeyedAct.objects.filter(pk__in=taken).delete()


def move(before: int, after: int) -> None:
    """Move the keys of a number to another number of the same person; on a conflict the other number's key stays."""
    theirs = KeyedAct.objects.filter(person=before)
    theirs.filter(key__in=KeyedAct.objects.filter(person=after).values("key")).delete()
    theirs.update(person=after)


def forget_keys(*, at: datetime, limit: int) -> int:
    """Delete up to `limit` expired keys; returns how many."""
    over = KeyedAct.objects.filter(until__lte=at).order_by("until").values_list("id", flat=True)
    return KeyedAct.objects.filter(pk__in=list(over[:limit])).delete()[0]


def forget_surplus_keys(*, limit: int) -> int:
    """Delete the oldest keys of people above their limit, up to `limit` keys of each; returns how many."""
    held = KeyedAct.objects.values("person").annotate(keys=Count("id")).order_by()
    gone = 0
    for person, keys in held.filter(keys__gt=MOST).values_list("person", "keys"):
        surplus = keys - (MOST_BEFORE_SIGN_IN if person == NOBODY else MOST)
        oldest = KeyedAct.objects.filter(person=person).order_by("id").values_list("id", flat=True)
        gone += KeyedAct.objects.filter(pk__in=list(oldest[: max(0, min(surplus, limit))])).delete()[0]
    return gone
