"""Checks a badge offline: python verify_badge_example.py TEXT keys.json revoked.json (pip install cryptography).

keys.json is what GET /api/v1/badges/keys answers, revoked.json what GET /api/v1/badges/revoked answers.
"""

import json
import sys
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_signed(said: str, signature: str, key: str) -> bool:
    """Tell whether the signature of a text is genuine."""
    try:
        public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(keys[key] + "="))
        public.verify(urlsafe_b64decode(signature + "=="), said.encode())
    except (InvalidSignature, KeyError, ValueError):
        return False
    return True


text, keys_file, revoked_file = sys.argv[1:]
keys = {key["id"]: key["public"] for key in json.loads(Path(keys_file).read_text())["keys"]}
revoked = json.loads(Path(revoked_file).read_text())
if not is_signed(
    "muster list " + "\n".join([revoked["at"], *revoked["badges"]]), revoked["signature"], revoked["key"]
):
    sys.exit("the list of revoked badges is forged")
said, _, signature = text.rsplit("/", 1)[-1].rpartition(".")
version, number, unit, badge, last_day, key = said.split(".") if said.count(".") == 5 else [""] * 6
if version != "1" or not is_signed("muster badge " + said, signature, key):
    sys.exit("forged")
if last_day < f"{datetime.now(UTC):%Y%m%d}":
    sys.exit("expired")
if badge in revoked["badges"]:
    sys.exit("revoked")
sys.stdout.write(f"valid {number} {unit}\n")
