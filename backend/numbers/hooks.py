"""The hooks by which this room asks the rooms above."""

from collections.abc import Collection

from backend.lib.hooks import question


@question
def waiting_numbers(numbers: Collection[int]) -> set[int]:
    """Return those of the numbers that were given to people who are not in the roster yet. One query."""
    raise NotImplementedError
