"""Hooks run every room's answer inside the caller's transaction; a question has exactly one."""

import pytest

from backend.lib.hooks import hook, locking_hook, question


def test_a_hook_has_every_room_answer_once_in_their_order() -> None:
    @hook
    def retired(unit: str) -> str:  # type: ignore[empty-body]
        """Tell that a unit is no more."""

    retired.answered_by("badges")(lambda unit: f"badges of {unit}")
    retired.answered_by("dispatch")(lambda unit: f"tasks of {unit}")

    assert retired("A") == ["badges of A", "tasks of A"]
    with pytest.raises(ValueError, match="badges answers"):
        retired.answered_by("badges")(lambda unit: unit)


def test_a_question_that_no_room_answers_says_so() -> None:
    @question
    def zone(user: int) -> str:  # type: ignore[empty-body]
        """Return the zone of a person."""

    with pytest.raises(LookupError, match="no room answers"):
        zone(1)
    zone.answer(lambda user: "Asia/Shanghai")
    assert zone(1) == "Asia/Shanghai"
    with pytest.raises(ValueError, match="twice"):
        zone.answer(lambda user: "UTC")


def test_locks_are_taken_from_the_top() -> None:
    @locking_hook
    def retiring(unit: str) -> str:  # type: ignore[empty-body]
        """Tell that a unit is about to end."""

    retiring.answered_by("numbers")(lambda unit: f"blocks of {unit}")
    retiring.answered_by("dispatch")(lambda unit: f"tasks of {unit}")

    assert retiring("A") == ["tasks of A", "blocks of A"]
