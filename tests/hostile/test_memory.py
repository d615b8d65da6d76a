"""What `web`, `sockets` and `clock` hold after a roster, a flood of requests and pictures, and many phones: by hand.

`.venv/bin/pytest tests/hostile/test_memory.py -s --hostile-seconds 60` prints it.
"""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from uuid6 import uuid7

from simulator.processes import Server, read_procfile
from simulator.throwaway import PrivateRedis, has_redis_server, postgres_database
from tests.flows.installation import Installation, memory_mb
from tests.hostile.test_openapi import generate_requests
from tests.lib.test_pictures import picture

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1_200), pytest.mark.xdist_group("memory")]
MOST_MB = 250
PEOPLE, PHONES, PICTURES, AT_ONCE = 15_000, 500, 60, 10
FORM = "----muster"


@dataclass
class Fleet:
    """The three processes of the Procfile."""

    web: Installation
    sockets: Installation
    clock: Server

    def memory(self) -> dict[str, int]:
        """Return the megabytes that each holds."""
        servers = {"web": self.web.server, "sockets": self.sockets.server, "clock": self.clock}
        return {name: round(memory_mb(server)) for name, server in servers.items()}


@pytest.fixture
def fleet(long_seconds: float, tmp_path: Path) -> Iterator[Fleet]:
    if not has_redis_server():
        pytest.skip("needs redis-server")
    redis = PrivateRedis.make()
    redis.start()
    try:
        settings = {"CLOCK_INSIDE": "false", "REDIS_URL": redis.url}
        with (
            postgres_database("memory") as url,
            Installation.run("web", url, tmp_path, **settings) as web,
            web.beside("sockets", tmp_path) as sockets,
        ):
            clock = Server(
                "clock", read_procfile()["clock"], 0, web.server.environment, tmp_path / "clock.log"
            )
            clock.start()
            try:
                yield Fleet(web, sockets, clock)
            finally:
                clock.stop()
    finally:
        redis.close()


def test_memory_after_all_of_it(
    fleet: Fleet, long_seconds: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"at first": fleet.memory()}
    import_roster(fleet.web)
    told[f"{PEOPLE:,} people imported"] = fleet.memory()
    assert generate_requests(fleet.web, long_seconds, tmp_path).returncode == 0
    told["generated requests"] = fleet.memory()
    with ExitStack() as phones:
        for _ in range(PHONES // 10):
            token = fleet.web.sign_in(fleet.web.force["NUMBER"])
            fleet.sockets.tokens["NUMBER"] = token
            for _ in range(10):
                phones.enter_context(fleet.sockets.phone())
        told[f"{PHONES} phones"] = fleet.memory()
    flood_with_pictures(fleet.web)
    told["all of it"] = fleet.memory()

    with capsys.disabled():
        for when, held in told.items():
            print(f"\n{when}: {held} MB", end="")  # noqa: T201  # it is measured by hand
    assert max(told["all of it"].values()) <= MOST_MB, told


def import_roster(web: Installation) -> None:
    """Upload a roster and bring its people in."""
    lines = "".join(f"队员{n},139{n:08d}\n" for n in range(PEOPLE))
    import_id = str(uuid7())
    fields = {"id": import_id, "name": "memory", 'file"; filename="roster.csv': f"姓名,手机\n{lines}"}
    body = "".join(
        f'--{FORM}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    sent = (body + f"--{FORM}--\r\n").encode()
    media = {"Content-Type": f"multipart/form-data; boundary={FORM}"}
    made = web.request("POST", f"/api/v1/units/{web.force['UNIT']}/imports", sent, media, by="LEADER")
    assert made.status == 201, made
    one = f"/api/v1/imports/{import_id}"
    wait_for(web, one, "checked")
    assert web.request("POST", f"{one}/start", {}, by="LEADER").status == 200
    wait_for(web, one, "imported")


def wait_for(web: Installation, address: str, status: str) -> None:
    until = time.monotonic() + 300
    while (found := json.loads(web.request("GET", address, by="LEADER").text))["status"] != status:
        assert time.monotonic() < until, found
        assert found["status"] != "failed", found
        time.sleep(0.5)


def flood_with_pictures(web: Installation) -> None:
    """Have many pictures decoded, the largest that are taken; those beyond the bound are asked to come again."""
    largest = picture((4_000, 2_900), "JPEG", progressive=True)
    body = {"image": b64encode(largest).decode()}
    token = {"Authorization": f"Bearer {web.sign_in(web.force['OTHER_NUMBER'])}"}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        asked = [threads.submit(web.request, "PUT", "/api/v1/me/photo", body, token) for _ in range(PICTURES)]
        statuses = {one.result().status for one in asked}
    assert statuses <= {200, 204, 403, 429, 503}, statuses
