"""Encrypts personal text before it is stored, and derives the blind index by which it is found again.

The cipher is AES-256-GCM under the newest of `FIELD_KEYS`. A sealed text names its key, so older keys still open it.
The kind of a text (`phone`, `id_card`) is authenticated with it: a sealed phone does not open in another column. The
blind index is HMAC-SHA-256 under `LOOKUP_KEY`, cut to 128 bits. Equal texts of one kind have equal values, and an
attacker without the key cannot try all phone numbers.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12
_ID = re.compile(r"[\w-]{1,16}", re.ASCII)
LOOKUP_CHARACTERS = 32


class KeyMissing(Exception):
    """A stored text cannot be opened: its key is not among FIELD_KEYS, or the text was changed."""


def seal(text: str, kind: str) -> str:
    """Return the sealed text as `key id:base64`; empty text stays empty."""
    return seal_all([text], kind)[0]


def seal_all(texts: Sequence[str], kind: str) -> list[str]:
    """Return the sealed texts; for thousands of texts the system is asked for random bytes once."""
    id, what = newest_key(), kind.encode()
    encrypt, nonces = _cipher(id).encrypt, secrets.token_bytes(_NONCE * len(texts))

    def sealed(text: str, at: int) -> str:
        nonce = nonces[at : at + _NONCE]
        return f"{id}:{urlsafe_b64encode(nonce + encrypt(nonce, text.encode(), what)).decode()}"

    return [sealed(text, n * _NONCE) if text else "" for n, text in enumerate(texts)]


def unseal(sealed: str, kind: str) -> str:
    """Return the text. Raises KeyMissing."""
    if not sealed:
        return ""
    id, _, content = sealed.partition(":")
    try:
        raw = urlsafe_b64decode(content)
        return _cipher(id).decrypt(raw[:_NONCE], raw[_NONCE:], kind.encode()).decode()
    except (KeyError, ValueError, InvalidTag) as error:
        raise KeyMissing(f"the key {id!r} of a {kind} is missing or wrong: see FIELD_KEYS") from error


def newest_key() -> str:
    """Return the id of the key that seals new texts."""
    return next(iter(settings.FIELD_KEYS))


def is_current(sealed: str) -> bool:
    """Tell whether a text is empty or sealed under the newest key."""
    return not sealed or sealed.startswith(newest_key() + ":")


def lookup_key(text: str, kind: str) -> str:
    """Return the blind index of a text of a kind: 32 hexadecimal characters."""
    digest = hmac.digest(settings.LOOKUP_KEY, f"{kind}:{text}".encode(), "sha256")
    return digest.hex()[:LOOKUP_CHARACTERS]


def derived_key(secret: str, purpose: str) -> bytes:
    """Derive 32 bytes for a purpose from a secret, for an installation without keys of its own."""
    return hmac.digest(secret.encode(), f"muster {purpose}".encode(), sha256)


def read_keys(given: list[str]) -> dict[str, bytes]:
    """Return keys by id from `id:base64` texts, the newest first. Raises ValueError."""
    keys = {}
    for one in given:
        id, _, encoded = one.partition(":")
        keys[id] = urlsafe_b64decode(encoded)
        if not _ID.fullmatch(id) or len(keys[id]) != 32:
            raise ValueError(
                "each of FIELD_KEYS and BADGE_KEYS is `id:` (letters, digits) and 32 bytes in base64"
            )
    return keys


def read_signing_key(given: str) -> bytes:
    """Return the 32 bytes of a signing key, empty for an empty text. Raises ValueError."""
    key = urlsafe_b64decode(given)
    if len(key) not in {0, 32}:
        raise ValueError("AUDIT_KEY is 32 bytes in base64")
    return key


@lru_cache(maxsize=16)
def _cipher_of(key: bytes) -> AESGCM:
    return AESGCM(key)


def _cipher(id: str) -> AESGCM:
    return _cipher_of(settings.FIELD_KEYS[id])
