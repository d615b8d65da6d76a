"""A phone comes back as its close code asks for."""

import random

import pytest

from simulator.reconnect import LONGEST_S, pause_after


@pytest.mark.parametrize("code", [4400, 4403])
def test_pause_after_stays_away_for_good(code: int) -> None:
    assert pause_after(code, 0, random.Random(1)) is None


@pytest.mark.parametrize(
    ("code", "least", "most"),
    [(4290, 3.0, 8.0), (1012, 0.0, 3.0), (4401, 0.0, 0.5), (1006, 0.2, 0.6)],
)
def test_pause_after_keeps_within_the_documented_window(code: int, least: float, most: float) -> None:
    pauses = [pause_after(code, 0, random.Random(seed)) for seed in range(200)]

    assert all(pause is not None and least <= pause <= most for pause in pauses)
    assert len(set(pauses)) > 150


def test_pause_after_grows_with_failed_attempts_up_to_a_limit() -> None:
    pauses = [pause_after(1006, attempt, random.Random(1)) or 0.0 for attempt in range(12)]

    assert pauses[3] > pauses[0]
    assert max(pauses) <= 1.5 * LONGEST_S
