"""Two processes of the Procfile on one database, behind a proxy that is trusted at one address."""

from collections.abc import Iterator

import pytest

from tests.flows.installation import Installation

PROXY, STRANGER = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="session")
def edge_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start `web`; it logs all that it can."""
    folder = tmp_path_factory.mktemp("edge")
    settings = {"PROXIES": f"{PROXY},127.0.0.8/31", "LOG_LEVEL": "DEBUG"}
    with Installation.run("web", f"sqlite:///{folder}/muster.sqlite3", folder, **settings) as started:
        yield started


@pytest.fixture(scope="session")
def edge_sockets(edge_web: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start `sockets` beside it."""
    with edge_web.beside("sockets", tmp_path_factory.mktemp("edge-sockets")) as started:
        yield started


@pytest.fixture(params=["web", "sockets"])
def edge(request: pytest.FixtureRequest, edge_web: Installation, edge_sockets: Installation) -> Installation:
    """Return each of the two in turn: both serve requests and sockets."""
    return edge_web if request.param == "web" else edge_sockets
