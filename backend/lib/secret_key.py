"""The secret key of an installation: a given one that is long enough, or one that is generated once and stored."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST = 32
"""Characters. All signatures and sealed texts depend on it."""


def long_enough(given: str) -> str:
    """Return the key as given, or an empty one. Raises ImproperlyConfigured for a key that can be guessed."""
    if given and (len(given) < SHORTEST or len(set(given)) < 5):
        make = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        raise ImproperlyConfigured(
            f"SECRET_KEY is shorter than {SHORTEST} characters or too plain; make one: {make}"
        )
    return given


def kept_key(file: Path) -> str:
    """Return the key in a file. One of several processes creates a missing file, atomically."""
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as made:  # for us alone
            made.write(secrets.token_urlsafe(48))
        try:
            os.link(made.name, file)
        except FileExistsError:
            pass  # another process was first
        finally:
            Path(made.name).unlink()
    return long_enough(file.read_text().strip())
