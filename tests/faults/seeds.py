"""Which schedules of faults are played."""

import pytest


def seeds_of(config: pytest.Config, usual: int) -> list[int]:
    """Return the seeds to play: what the command line says, or as many as are usual."""
    one, many = config.getoption("seed", None), config.getoption("seeds", None)
    return [one] if one is not None else list(range(1, (many or usual) + 1))
