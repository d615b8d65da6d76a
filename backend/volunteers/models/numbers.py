"""How far the issue of numbers has got."""

import secrets

from django.db import models


def new_key() -> bytes:
    """Return a key that scatters numbers."""
    return secrets.token_bytes(16)


class NumberCounter(models.Model):
    """How many volunteer numbers were tried so far (one row; its lock is the queue of those who issue).

    The key scatters the numbers. It lives here and not in the settings: another key would issue numbers again that
    somebody already has.
    """

    used = models.PositiveIntegerField(default=0)
    key = models.BinaryField(default=new_key, max_length=16)
