"""Hundreds sign in at once: the server refuses what it cannot do, stays ready, and lets the others in."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import psycopg
import pytest

from simulator.account import Account
from simulator.rest import Refused, Rest
from simulator.throwaway import postgres_database
from tests.flows.installation import Installation

pytestmark = [
    pytest.mark.waits,
    pytest.mark.timeout(300),
    pytest.mark.postgres,
    pytest.mark.xdist_group("sign-in flood"),
]

POOL = 20
REASONABLE_S = 30.0
"""Until a person is in while hundreds of others try, on a machine that does other things as well."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start `web` on a PostgreSQL database of its own."""
    folder = tmp_path_factory.mktemp("web")
    with pytest.MonkeyPatch.context() as environment, postgres_database("flood") as url:
        environment.setenv("DATABASE_POOL", str(POOL))
        with Installation.run("web", url, folder) as started:
            yield started


@pytest.mark.parametrize("guests", [150, 300])
def test_flood_of_sign_ins_is_refused_and_lets_others_in(web: Installation, guests: int) -> None:
    outcome = asyncio.run(flood(Rest(web.server.http), guests, web.force))

    assert set(outcome["answers"]) <= {401, 503}, outcome
    assert outcome["answers"][401] > 0, outcome
    assert outcome["untold"] == 0, outcome
    assert set(outcome["ready"]) == {200}, outcome
    assert outcome["known_in_s"] < REASONABLE_S, outcome
    assert web.complaints() == []


def test_process_without_a_free_connection_says_so_and_stays_ready(web: Installation) -> None:
    """Somebody holds a lock until every connection of the pool waits for it."""
    at_once = POOL + 6
    with (
        psycopg.connect(web.server.environment["DATABASE_URL"]) as other,
        ThreadPoolExecutor(at_once + 1) as threads,
    ):
        other.execute("LOCK TABLE accounts_device")
        asked = [threads.submit(web.request, "GET", "/api/v1/me", by="NUMBER") for _ in range(at_once)]
        time.sleep(1)
        page = threads.submit(web.request, "GET", "/me/", headers={"Cookie": f"sessionid={'a' * 32}"})
        ready = [web.request("GET", "/readyz").status for _ in range(5)]
        refused = [one.result() for one in islice(as_completed(asked), 6)]
        shown = page.result()
        other.rollback()
        answers = [one.result() for one in asked]

    assert ready == [200] * 5
    assert {one.status for one in answers} == {200, 503}
    told = [json.loads(one.text) for one in refused]
    assert {(one["type"], 2 <= one["retry_after_s"] <= 6) for one in told} == {("/problems/busy", True)}
    assert (shown.status, shown.kind) == (503, "text/html")
    assert web.complaints() == []


async def flood(rest: Rest, guests: int, force: Any) -> dict[str, Any]:
    """Let strangers guess, a person sign in, and a proxy ask whether the process is ready."""
    answers: Counter[int] = Counter()
    untold: list[Refused] = []
    ready: Counter[int] = Counter()

    async def guess(number: int) -> None:
        body = {"identifier": f"1390000{number:04d}", "password": "a wrong guess", "device": DEVICE}
        try:
            await rest.call("POST", "/api/v1/sign-in", body, timeout_s=60)
        except Refused as refused:
            answers[refused.status] += 1
            if refused.status == 503 and not refused.problem.get("retry_after_s"):
                untold.append(refused)

    async def watch() -> None:
        while True:
            try:
                await rest.call("GET", "/readyz", timeout_s=10)
                ready[200] += 1
            except Refused as refused:
                ready[refused.status] += 1
            await asyncio.sleep(0.2)

    async def known() -> float:
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await Account(rest, force["NUMBER"], force["PASSWORD"]).token()
        return time.monotonic() - began

    watching = asyncio.create_task(watch())
    guessing = asyncio.gather(*(guess(number) for number in range(guests)))
    known_in_s = await known()
    await guessing
    watching.cancel()
    return {
        "answers": answers,
        "ready": dict(ready),
        "known_in_s": round(known_in_s, 1),
        "untold": len(untold),
    }


DEVICE = {"id": "0199a5e2-7c40-7b3a-9d51-4e1f6a2b8c90"}
