"""Keeps an answer for minutes, to be given again: a device that shows the same code again has lost the answer."""

from uuid import UUID

from backend.lib.encryption import lookup_key
from backend.realtime import keys


def given_once(person: int, act: str, device: UUID, shown: str) -> keys.Asked:
    """Return the idempotency key of the answer to a device and its code: it is found only with both."""
    key = UUID(hex=lookup_key(f"{device.hex} {shown}", f"once {act}"))
    return keys.Asked(person, key, act, digest=key)
