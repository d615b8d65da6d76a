"""How passwords are hashed: as few at once as there are cores, and a few more that wait."""

import os

from django.contrib.auth.hashers import Argon2PasswordHasher

from backend.lib.turns import Turns

AT_ONCE = os.cpu_count() or 1
MOST_WAITING = 100
PATIENCE_S = 8.0
hashing = Turns("hashing", at_once=AT_ONCE, waiting=MOST_WAITING, patience_s=PATIENCE_S)
"""Turns of whatever hashes a password: sign-ins, new passwords, applications.

Taken around the whole act where there is a transaction, so that nothing waits for a turn while it holds locks.
"""


class ModerateArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP names as the least to use: 19 MiB, two passes, one lane.

    Django's own take 100 MB and eight threads: a muster of hundreds signing in at once would need more memory and time
    than the server has. Password Storage Cheat Sheet, OWASP, 2025.
    """

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a new password. Raises Busy."""
        with hashing.turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare a password. Raises Busy."""
        with hashing.turn():
            return super().verify(password, encoded)
