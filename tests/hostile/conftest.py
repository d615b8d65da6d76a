"""How long each hostile piece may run."""

from collections.abc import Iterator

import pytest

from simulator.throwaway import postgres_database
from tests.flows.conftest import edge, edge_sockets, edge_web
from tests.flows.installation import Installation

__all__ = ["edge", "edge_sockets", "edge_web"]

SECONDS = 4.0
"""Of each piece in CI: all of them together take about half a minute."""


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


@pytest.fixture
def long_seconds(hostile_seconds: float) -> float:
    """Return how long a piece may run that is too long for CI."""
    if hostile_seconds <= SECONDS:
        pytest.skip("is run by hand: --hostile-seconds 60")
    return hostile_seconds


@pytest.fixture(scope="session")
def web_on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start `web` on a PostgreSQL database of its own."""
    folder = tmp_path_factory.mktemp("web-on-postgres")
    with postgres_database("hostile") as url, Installation.run("web", url, folder) as started:
        yield started
