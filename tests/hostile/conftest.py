"""How long each hostile piece may run."""

import pytest

from tests.flows.conftest import edge, edge_sockets, edge_web

__all__ = ["edge", "edge_sockets", "edge_web"]

SECONDS = 8.0
"""Of each piece in CI: all of them together take about a minute."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that lets the pieces run longer."""
    group = parser.getgroup("hostile", "hostile pieces")
    group.addoption(
        "--hostile-seconds",
        type=float,
        default=SECONDS,
        help=f"seconds of each piece (default {SECONDS:.0f})",
    )


@pytest.fixture(scope="session")
def hostile_seconds(request: pytest.FixtureRequest) -> float:
    """Return how long a piece may run."""
    return float(request.config.getoption("--hostile-seconds", default=SECONDS))
