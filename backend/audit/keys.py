"""The keys of the audit: one seals rows as they are written; another signs heads, and its public half verifies them."""

import hmac
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.conf import settings

from backend.audit.chain import Line, SignedHead

SEAL = 32
"""Hexadecimal characters of a seal: HMAC-SHA-256 cut to 128 bits."""
_PEM_END = "-----END PUBLIC KEY-----"

PublicKeys = Mapping[str, Ed25519PublicKey]
"""Public keys by the id that a head names."""


def seal_of(line: Line) -> str:
    """Return the seal of a row's content: without AUDIT_SEAL_KEY nothing can write a row that will be linked."""
    return hmac.digest(settings.AUDIT_SEAL_KEY, line.content.encode(), "sha256").hex()[:SEAL]


def is_sealed(line: Line) -> bool:
    """Tell whether the row is unchanged since a service wrote it."""
    return hmac.compare_digest(seal_of(line), line.seal)


def sign(head: SignedHead) -> str:
    """Return the signature of a head under AUDIT_KEY."""
    return _private(settings.AUDIT_KEY).sign(head.signed_text.encode()).hex()


def own_key_id() -> str:
    """Return the id of this installation's signing key."""
    return key_id(own_public_key())


def own_public_key() -> Ed25519PublicKey:
    """Return the public half of AUDIT_KEY."""
    return _private(settings.AUDIT_KEY).public_key()


def key_id(key: Ed25519PublicKey) -> str:
    """Return the first 16 hexadecimal characters of the SHA-256 of a public key."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def as_pem(key: Ed25519PublicKey) -> str:
    """Return a public key as a PEM file for auditors; `openssl pkey -pubin` reads it too."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public_keys(text: str) -> PublicKeys:
    """Return the Ed25519 keys of a PEM file; several after a change of keys. Raises ValueError."""
    keys = []
    for part in text.split(_PEM_END)[:-1]:
        key = load_pem_public_key((part[part.find("-----BEGIN") :] + _PEM_END + "\n").encode())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("a key of the audit is an Ed25519 key")
        keys.append(key)
    if not keys:
        raise ValueError("there is no public key in it")
    return {key_id(key): key for key in keys}


def is_signed(head: SignedHead, keys: PublicKeys) -> bool:
    """Tell whether the head was signed by one of the keys."""
    key = keys.get(head.key)
    if key is None:
        return False
    try:
        key.verify(bytes.fromhex(head.signature), head.signed_text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4)
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
