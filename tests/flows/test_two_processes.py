"""Two processes that share a database and a Redis: what happens in one is told by the other, without a second hello."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from simulator.processes import ROOT
from simulator.throwaway import PrivateRedis, has_redis_server, postgres_database
from tests.builders import task_body
from tests.flows.installation import Installation, Phone

pytestmark = [pytest.mark.waits, pytest.mark.postgres, pytest.mark.timeout(180)]

Json = dict[str, Any]
_SECOND_SQUADRON = """
import django; django.setup()
from datetime import UTC, datetime
from backend.volunteers import services
from backend.volunteers.models import Post, Role, Unit
from tests.builders import UnitFactory
post = Post.objects.select_related("unit", "volunteer").get()
unit = UnitFactory.create(below=Unit.objects.get_parent(post.unit), serials=(7, 26, 4, 13), display_name="翠湖社区")
services.appoint(volunteer=post.volunteer, unit=unit, role=Role.LEADER, by=None, at=datetime.now(UTC))
print(unit.number, end="")
"""


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Installation, Installation]]:
    """Start `web` and `sockets`, each of which hears of the other by Redis."""
    if not has_redis_server():
        pytest.skip("needs redis-server")
    redis = PrivateRedis.make()
    redis.start()
    try:
        with (
            postgres_database("two") as url,
            Installation.run("web", url, tmp_path, REDIS_URL=redis.url) as web,
            web.beside("sockets", tmp_path) as sockets,
        ):
            yield web, sockets
    finally:
        redis.close()


def second_squadron(installation: Installation) -> str:
    """Make another squadron beside the first, of the same leader; returns its number."""
    environment = {**os.environ, **installation.server.environment}
    environment["DJANGO_SETTINGS_MODULE"] = "backend.config.settings"
    command = [sys.executable, "-c", _SECOND_SQUADRON]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout.decode()


def until(phone: Phone, fits: Callable[[Json], bool]) -> Json:
    """Return the first frame that fits."""
    while not fits(frame := phone.next()):
        assert "close" not in frame, frame
    return frame


def test_what_one_process_does_is_told_by_the_other(both: tuple[Installation, Installation]) -> None:
    """A member is transferred and called out by REST; the receipt comes back over the other process."""
    web, sockets = both
    unit, number = second_squadron(web), web.force["NUMBER"]
    leader, member = web.phone("LEADER"), sockets.phone("NUMBER")

    def act(method: str, path: str, body: Json, by: str = "LEADER") -> None:
        answer = web.request(method, f"/api/v1/{path}", body, by=by)
        assert answer.status < 300, answer

    act("PUT", "me/duty", {"on": True}, by="NUMBER")
    ends = {"from_unit": web.force["UNIT"], "to_unit": unit}
    act("POST", "transfers", {"id": str(uuid7()), "volunteer": number, **ends})
    until(member, lambda frame: (frame.get("type"), frame.get("topic")) == ("topic.joined", f"unit.{unit}"))

    task, noon = str(uuid7()), (datetime.now(UTC) + timedelta(days=2)).replace(hour=4)
    act("POST", "tasks", task_body(unit, noon - timedelta(hours=2), id=task))
    leader.send({"id": 1, "type": "topic.join", "body": {"topic": f"task.{task}"}})
    act("POST", f"tasks/{task}/call-outs", {"id": str(uuid7()), "units": [unit]})
    called = until(member, lambda frame: frame.get("type") == "task.called")
    epoch = json.loads(web.request("POST", "/api/v1/catch-up", {"cursors": {}}, by="NUMBER").text)["epoch"]
    member.send({"type": "receipt", "epoch": epoch, "delivered": {called["topic"]: called["seq"]}})
    until(leader, lambda frame: frame.get("type") == "task.counts" and frame["data"]["delivered"] == 1)

    leader.close()
    member.close()
    assert web.complaints() == sockets.complaints() == []
