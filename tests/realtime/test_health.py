"""A process says whether it can do its work, and what it has done, to those who may know."""

import re
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.realtime import health
from backend.realtime.socket.hub import hub
from tests.realtime.conftest import Connect


def ready() -> tuple[int, dict[str, bool]]:
    answer = APIClient().get("/readyz")
    return answer.status_code, answer.json()["checks"]


@pytest.fixture
def client() -> APIClient:
    return APIClient()


@pytest.mark.django_db
def test_a_process_is_ready_with_its_database_and_a_log_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "read_at", time.monotonic())
    assert ready() == (200, {"database": True, "layer": True, "log": True, "serving": True})

    monkeypatch.setattr(hub, "read_at", time.monotonic() - 11)
    assert ready() == (503, {"database": True, "layer": True, "log": False, "serving": True})


@pytest.mark.django_db
def test_a_bus_that_is_away_sends_nobody_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "read_at", None)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert ready() == (200, {"database": True, "layer": False, "log": True, "serving": True})


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer wrong", "Basic right-token"])
@pytest.mark.parametrize("token", ["right-token", ""])
def test_metrics_are_hidden_from_whoever_has_not_the_token(
    client: APIClient, settings: Any, header: str | None, token: str
) -> None:
    settings.METRICS_TOKEN = token
    headers = {} if header is None else {"Authorization": header}

    answer = client.get("/metrics", headers=headers)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def counted(client: APIClient, name: str) -> float:
    """Return a figure of the metrics."""
    answer = client.get("/metrics", headers={"Authorization": "Bearer right-token"})
    assert answer.status_code == 200
    found = re.search(rf"^{re.escape(name)} (\S+)$", answer.content.decode(), re.MULTILINE)
    return float(found.group(1)) if found else 0.0


async def test_metrics_count_sockets_frames_and_closes(
    connect: Connect, volunteer: User, client: APIClient, settings: Any
) -> None:
    settings.METRICS_TOKEN = "right-token"
    count = sync_to_async(lambda name: counted(client, name))
    before = await count("muster_frames_in_total"), await count('muster_hellos_total{outcome="opened"}')

    socket = await connect(volunteer)
    await socket.command("topic.leave", {"topic": "unit.0000000000"})

    assert await count("muster_sockets") == 1
    assert await count('muster_hellos_total{outcome="opened"}') == before[1] + 1
    assert await count("muster_frames_in_total") == before[0] + 2


async def answers(status: int, *, whole: bool = True) -> Any:
    """Return an application that answers like that."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": not whole})

    return application


async def breaks(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise Warning("StreamingHttpResponse must consume synchronous iterators")


async def hangs(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await receive()


async def test_a_process_that_does_not_serve_its_files_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SERVED_WITHIN_S", 0.05)
    found = []
    for application in (
        await answers(200),
        await answers(500),
        await answers(200, whole=False),
        breaks,
        hangs,
    ):
        serving = health.Serving()
        await serving.look(application, at=0.0)
        found.append(serving.ok)

    assert found == [True, False, False, False, False]


async def test_it_is_asked_now_and_then_and_may_recover() -> None:
    serving = health.Serving()
    moments = (0.0, 1.0, health.SERVED_LATELY_S + 1)
    found = []
    for at, application in zip(moments, (breaks, await answers(200), await answers(200)), strict=True):
        await serving.look(application, at=at)
        found.append(serving.ok)

    assert found == [False, False, True]


@pytest.mark.django_db
def test_readiness_tells_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "read_at", None)
    monkeypatch.setattr(health.serving, "ok", False)

    assert ready() == (503, {"database": True, "layer": True, "log": True, "serving": False})


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_connection_of_the_health_check_has_its_own_limit_and_no_compiler() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    found = []
    for one in (health._own_connection(), connection):
        with one.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('jit')")
            found.append(cursor.fetchone())
    health._own_connection().close()

    assert found == [(f"{health.DATABASE_ANSWERS_WITHIN_S}s", "off"), ("0", "off")]
