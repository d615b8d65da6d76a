"""A process says whether it can do its work, and what it has done, to those who may know."""

import re
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from backend.realtime.hub import hub
from backend.volunteers.models import User
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
    assert ready() == (200, {"database": True, "layer": True, "log": True})

    monkeypatch.setattr(hub, "read_at", time.monotonic() - 11)
    assert ready() == (503, {"database": True, "layer": True, "log": False})


@pytest.mark.django_db
def test_a_bus_that_is_away_sends_nobody_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "read_at", None)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert ready() == (200, {"database": True, "layer": False, "log": True})


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
