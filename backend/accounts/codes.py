"""Makes and compares the codes that people read, hear and type."""

import re
import secrets
import unicodedata
from datetime import datetime
from io import BytesIO

import pyotp
import segno

from backend.lib.encryption import lookup_key

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without 0, O, 1, I and L, which people take for each other."""
STEP_S = 30
STEPS_OFF = 1
"""How many steps a phone's clock may be off, before and behind."""
ISSUER = "Muster"


def printed_code() -> str:
    """Return a code of four groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def recovery_code() -> str:
    """Return a code of two groups of five: 49 bits, for ten guesses in a quarter of an hour."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(2))


def sent_code() -> str:
    """Return six digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def spoken_code() -> str:
    """Return nine digits in three groups, to be read out: 30 bits. Unlike a volunteer number, which has eight."""
    digits = f"{secrets.randbelow(1_000_000_000):09d}"
    return "-".join((digits[:3], digits[3:6], digits[6:]))


def key_of(code: str, kind: str) -> str:
    """Return what is kept of a code, however it was written: a keyed hash, for six digits are tried out in no time."""
    return lookup_key(plain(code), kind)


def plain(code: str) -> str:
    """Return a code without spaces and dashes, in capitals; the wide digits of Chinese keyboards are digits."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code)).upper()


def new_secret() -> str:
    """Return a secret for an authenticator: 160 bits in base32."""
    return pyotp.random_base32(32)


def authenticator_uri(secret: str, account: str) -> str:
    """Return the address that authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def drawn(uri: str) -> str:
    """Return an address as a QR code, an SVG."""
    image = BytesIO()
    segno.make(uri, error="m").save(image, kind="svg", scale=4, xmldecl=False)
    return image.getvalue().decode()


def step_shown(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """Return the time step whose code this is, one that is later than `after`; None when it is none (RFC 6238).

    The phone's clock may be one step off.
    """
    now, shown = int(at.timestamp()) // STEP_S, plain(code).encode()
    authenticator = pyotp.TOTP(secret, interval=STEP_S)
    for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
        if step > after and secrets.compare_digest(authenticator.generate_otp(step).encode(), shown):
            return step
    return None
