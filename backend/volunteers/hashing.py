"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class ModerateArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP names as the least to use: 19 MiB, two passes, one lane.

    Django's own take 100 MB and eight threads: a muster of hundreds signing in at once would need more memory and time
    than the server has. Password Storage Cheat Sheet, OWASP, 2025.
    """

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
