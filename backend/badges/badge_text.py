"""What stands in the QR code of a badge, and its signature; needs neither a database nor a network.

The text is `1.<number>.<unit>.<badge>.<last day>.<key>.<signature>`: the version of the form; the volunteer's and the
unit's number, the badge's id (a UUID) in base64url, the last day as YYYYMMDD in UTC, the id of the key; and the Ed25519
signature, in base64url, of `muster badge ` and all that stands before its dot. The list of revoked badges is signed
likewise. It stands behind the last `/` of an address, so that a phone's camera opens the page that checks it.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = "1"
MOST_CHARACTERS = 400
_FORM = re.compile(r"1\.(\d{8})\.(\d{9}[\dX])\.([\w-]{22})\.(\d{8})\.([\w-]{1,16})\.([\w-]{86})", re.ASCII)

PublicKeys = Mapping[str, Ed25519PublicKey]


class NotABadge(Exception):
    """The text is of another form: something else was scanned."""


class ForgedBadge(Exception):
    """The signature is wrong, or of a key that is not known."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a badge says."""

    number: str
    unit: str
    badge: UUID
    valid_until: date

    def has_run_out(self, at: datetime) -> bool:
        """Tell whether the last day is over at `at`."""
        return self.valid_until < at.astimezone(UTC).date()


def write_badge(statement: Statement, keys: Mapping[str, bytes]) -> str:
    """Return the signed text, under the first of the keys (private ones of 32 bytes, by their ids)."""
    key = next(iter(keys))
    fields = (VERSION, statement.number, statement.unit, short_id(statement.badge))
    said = ".".join((*fields, f"{statement.valid_until:%Y%m%d}", key))
    return f"{said}.{_sign('badge', said, keys[key])}"


def read_badge(text: str, keys: PublicKeys) -> Statement:
    """Return what a genuine badge says; `text` may be the whole address. Raises NotABadge, ForgedBadge.

    It may have run out, or have been revoked since.
    """
    text = text.strip().rsplit("/", 1)[-1]
    found = _FORM.fullmatch(text) if len(text) <= MOST_CHARACTERS else None
    if found is None:
        raise NotABadge
    number, unit, badge, day, key, signature = found.groups()
    if not _is_signed("badge", text.rpartition(".")[0], signature, keys.get(key)):
        raise ForgedBadge
    return Statement(
        number, unit, _long_id(badge), datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
    )


def sign_list(lines: Iterable[str], keys: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the id of the key, and the signature of lines."""
    key = next(iter(keys))
    return key, _sign("list", "\n".join(lines), keys[key])


def is_signed_list(lines: Iterable[str], key: str, signature: str, keys: PublicKeys) -> bool:
    """Tell whether the signature of lines is genuine."""
    return _is_signed("list", "\n".join(lines), signature, keys.get(key))


def public_keys(keys: Mapping[str, bytes]) -> dict[str, Ed25519PublicKey]:
    """Return the public halves of private keys."""
    return {id: Ed25519PrivateKey.from_private_bytes(key).public_key() for id, key in keys.items()}


def read_public_key(text: str) -> Ed25519PublicKey:
    """Return a key from 32 bytes in base64url. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def write_public_key(key: Ed25519PublicKey) -> str:
    """Return 32 bytes in base64url."""
    return _encode(key.public_bytes_raw())


def short_id(id: UUID) -> str:
    """Return a UUID in 22 characters of base64url."""
    return _encode(id.bytes)


def _long_id(text: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(text + "=="))


def _sign(kind: str, said: str, key: bytes) -> str:
    return _encode(Ed25519PrivateKey.from_private_bytes(key).sign(f"muster {kind} {said}".encode()))


def _is_signed(kind: str, said: str, signature: str, key: Ed25519PublicKey | None) -> bool:
    if key is None:
        return False
    try:
        key.verify(
            urlsafe_b64decode(signature + "=" * (-len(signature) % 4)), f"muster {kind} {said}".encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
