"""Hashes rows of the audit into the chain of their day, and defines the text that the signature of a head covers.

All values are text here, so that a row of the database and a line of an exported file have the same hash.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

FORM = "muster audit 1"
"""Prefix of every hashed text: no other hash, and none of another version of the chain, can equal it."""
FINGERPRINT = 16
"""Hexadecimal characters of a link that a head repeats: 64 bits for each row."""
REFUSED = "refused"
"""Replaces the link of a row that no service wrote, or that was changed before it was linked."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the audit. `day`, `position` and `link` are its place in the chain; None and "" until it has one."""

    id: int
    key: str
    act: str
    subject: str
    by: int | None
    at: str
    post: str
    details: dict[str, Any]
    seal: str
    day: str | None = None
    position: int | None = None
    link: str = ""

    @property
    def content(self) -> str:
        """The act as it is sealed and hashed."""
        return _text(self.key, self.act, self.subject, self.by, self.at, self.post, _plain(self.details))

    @property
    def is_linked(self) -> bool:
        """Whether the row claims a place in the chain."""
        return self.position is not None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The state of the chain at `at`: `count` rows of `day`, the last of them with `link`.

    `fingerprints` are the first characters of the links of all rows since the head before. With them even a chain that
    an attacker recomputed names its first wrong row. `closed`: the day gets no more rows. Heads are numbered without
    gaps over all days, and `previous` is the digest of the head before.
    """

    number: int
    day: str
    count: int
    link: str
    closed: bool
    fingerprints: str
    at: str
    previous: str
    key: str
    signature: str = ""

    @property
    def signed_text(self) -> str:
        """The text that the signature covers."""
        return _text(
            "head",
            self.number,
            self.day,
            self.count,
            self.link,
            self.closed,
            self.fingerprints,
            self.at,
            self.previous,
            self.key,
        )

    @property
    def digest(self) -> str:
        """The hash that the next head and the next day refer to."""
        return _hash(self.signed_text)

    @property
    def expected(self) -> list[str]:
        """The fingerprints one by one."""
        ends = range(0, len(self.fingerprints) + FINGERPRINT, FINGERPRINT)
        return [self.fingerprints[start:end] for start, end in pairwise(ends)]

    @property
    def first(self) -> int:
        """The position of the first row that is new in this head."""
        return self.count - len(self.fingerprints) // FINGERPRINT + 1


def opening_link(day: str, previous: str) -> str:
    """Return the link before the first row of a day: the hash of the day and the digest of the head before."""
    return _hash(_text("day", day, previous))


def next_link(before: str, day: str, position: int, line: Line) -> str:
    """Return the link of a row at a place, after the link before it."""
    return _hash(_text("row", before, day, position, line.id, line.seal, line.content))


def fingerprints_of(links: Sequence[str]) -> str:
    """Return the first characters of each link, joined."""
    return "".join(link[:FINGERPRINT] for link in links)


def moment(at: datetime) -> str:
    """Return a time as it is hashed: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    """Return a JSON value with whole floats as integers: jsonb returns 1e5 as 100000."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""Built once: `json.dumps` with options builds an encoder for each call, which takes longer than the encoding."""


def _text(*parts: Any) -> str:
    return _encode([FORM, *parts])


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
