"""Checks a badge offline: python verify_badge_example.py TEXT keys.json revoked.json (pip install cryptography).

The files are what GET /api/v1/badges/keys and GET /api/v1/badges/revoked answer.
"""

import json
import sys
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

told, revoked = (json.loads(Path(file).read_text()) for file in sys.argv[2:])
raw_keys = {key["id"]: urlsafe_b64decode(key["public"] + "=") for key in told["keys"]}
keys = {id: Ed25519PublicKey.from_public_bytes(raw) for id, raw in raw_keys.items()}
listed = "\n".join(["muster list " + revoked["at"], *revoked["badges"]])
said, _, signature = sys.argv[1].rsplit("/", 1)[-1].rpartition(".")
try:
    keys[revoked["key"]].verify(urlsafe_b64decode(revoked["signature"] + "=="), listed.encode())
    number, unit, badge, last_day, key = said.removeprefix("1.").split(".")  # form 1, the only one
    keys[key].verify(urlsafe_b64decode(signature + "=="), f"muster badge {said}".encode())
except (InvalidSignature, LookupError, ValueError):
    sys.exit("forged (the badge, or the list of revoked badges)")
if last_day < f"{datetime.now(UTC):%Y%m%d}":
    sys.exit("expired")
if badge in revoked["badges"]:
    sys.exit("revoked")
sys.stdout.write(f"valid {number} {unit}\n")
