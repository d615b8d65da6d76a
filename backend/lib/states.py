"""States of rows: which may follow which."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from django.db.models import Model, TextChoices

_S = TypeVar("_S", bound=TextChoices)
Steps = Mapping[_S, Collection[_S]]
"""The states that may follow each."""


class IllegalChange(Exception):
    """A row does not come from its state to that one: a mistake of the program, found before anything was changed."""


def stepped(row: Model, before: _S, to: _S, steps: Steps[_S]) -> _S:
    """Return the state that a row comes to, or raise IllegalChange."""
    if to not in steps.get(before, ()):
        raise IllegalChange(f"{row._meta.label_lower} {row.pk} is {before}, and cannot become {to}")  # noqa: SLF001
    return to
