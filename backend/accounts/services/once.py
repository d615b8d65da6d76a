"""What a device is given once, and for minutes again: whoever shows the same code on it again has lost the answer."""

from uuid import UUID

from backend.lib.encryption import lookup_key
from backend.realtime import keys


def given_once(person: int, act: str, device: UUID, shown: str) -> keys.Asked:
    """Return under what it is kept that a device was given something for a code: nobody without both finds it."""
    key = UUID(hex=lookup_key(f"{device.hex} {shown}", f"once {act}"))
    return keys.Asked(person, key, act, digest=key)
