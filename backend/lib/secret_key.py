"""The secret key of an installation: given and long enough, or made once and kept."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST = 32
"""Characters. Everything that is signed or sealed hangs on it."""


def long_enough(given: str) -> str:
    """Return the key as given, or an empty one. Raises ImproperlyConfigured when it can be guessed."""
    if given and (len(given) < SHORTEST or len(set(given)) < 5):
        make = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        raise ImproperlyConfigured(
            f"SECRET_KEY is shorter than {SHORTEST} characters or too plain; make one: {make}"
        )
    return given


def kept_key(file: Path) -> str:
    """Return the key in a file, which is made if it is not there: whole or not at all, by one of several processes."""
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as made:  # readable by us alone
            made.write(secrets.token_urlsafe(48))
        try:
            os.link(made.name, file)
        except FileExistsError:
            pass  # another process was first
        finally:
            Path(made.name).unlink()
    return long_enough(file.read_text().strip())
