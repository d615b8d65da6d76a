"""No process writes what stands in an address, a header or a body to its log, however much it logs."""

import base64
import json
import time

import pytest

from tests.flows.installation import Installation
from tests.flows.raw import Raw

pytestmark = [
    pytest.mark.waits,
    pytest.mark.embedded,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("edge"),
]

SECRET = "s3cretOfATracker"
BASIC = base64.b64encode(f"x:{SECRET}".encode()).decode()
FIX = "&lat=29.4&lon=119.8"
ADDRESSES = (
    f"/api/v1/trackers/osmand?id={SECRET}{FIX}",
    f"/api/v1/trackers/osmand?lat=29.4&id={SECRET}",
    f"/api/v1/trackers/osmand?%69d={SECRET}{FIX}",
    f"/api/v1/trackers/nothing?deviceid={SECRET}",
    f"/api/v1/nothing?password={SECRET}",
    f"/ws/v1/?token={SECRET}",
    f"/sign-in/?next=/&code={SECRET}",
    f"/nothing/at/all?{SECRET}=1",
    f"/static/nothing.js?v={SECRET}",
    f"/api/v1/trackers/osmand?id={SECRET}" + "x" * 5_000,
)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "OPTIONS", "BREW"])
def test_no_address_is_logged(edge: Installation, method: str) -> None:
    for address in ADDRESSES:
        with Raw(edge.server.port) as peer:
            peer.send(f"{method} {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            assert peer.closed_after(20) is not None

    assert SECRET not in log_of(edge)


@pytest.mark.parametrize(
    "data",
    [
        f"GET /api/v1/trackers/osmand?id={SECRET} HTTP/1.1\r\n\r\n",  # no Host
        f"GET /api/v1/trackers/osmand?id={SECRET}\x01 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        f"GET /api/v1/trackers/osmand?id={SECRET} FTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        f"GET /api/v1/trackers/osmand?id={SECRET} HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n",
        f"GET /ws/v1/?id={SECRET} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n\r\n",
        f"GET /ws/v1/?id={SECRET} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n",
        f"GET /api/v1/trackers/owntracks HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Basic {BASIC}\r\n\r\n",
        f"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {SECRET}\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_proper_request_is_not_logged_either(edge: Installation, data: str) -> None:
    with Raw(edge.server.port) as peer:
        peer.send(data.encode())
        assert peer.closed_after(20) is not None

    log = log_of(edge)
    assert SECRET not in log
    assert BASIC not in log


def test_what_is_logged_can_be_read_by_machines(edge: Installation) -> None:
    """The log is no log of nothing: a page that does not exist is told, without its query."""
    path = f"/nothing-{time.time_ns()}/"
    edge.request("GET", f"{path}?id={SECRET}")

    lines = [json.loads(line) for line in log_of(edge).splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines if path in line["event"]] == [f"Not Found: {path}"]


def log_of(installation: Installation) -> str:
    assert installation.server.log is not None
    time.sleep(0.1)
    return installation.server.log.read_text(errors="replace")
