"""The pages' own client, in Node, against real processes: what each page knows at the end is what the server knows.

Its networks lose answers, block sockets, put a portal's page in the server's place, cut and stall; processes are killed
and frozen; phones lose their power. `--seeds 200` plays more schedules, `--seed 123` one again.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from simulator.throwaway import has_own_postgres, has_redis_server
from tests.faults import node
from tests.faults.grounds import Grounds
from tests.faults.node import Node
from tests.faults.pages import Pages
from tests.faults.pages_verdict import settle
from tests.faults.seeds import seeds_of
from tests.faults.verdict import Played
from tests.faults.weather import PagesSchedule

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]
SEEDS = 4
NAMED = 20
STORIES = 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grounds(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[Grounds]:
    if not (has_own_postgres() and has_redis_server() and node.has_node()):
        pytest.skip("needs the programs of PostgreSQL, redis-server, and Node with the packages of frontend/")
    running = Grounds(tmp_path_factory.mktemp("pages"), seeds_of(pytestconfig, SEEDS))
    try:
        yield running
    finally:
        await running.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Node]:
    script = await asyncio.to_thread(node.build, tmp_path_factory.mktemp("client"))
    async with node.running(script) as running:
        yield running


async def test_pages_client_knows_what_the_server_knows(
    grounds: Grounds, client: Node, seed: int, played: Played
) -> None:
    ground, squad = await grounds.of(seed)
    schedule = PagesSchedule.of(seed, _phones(squad))
    pages = Pages(ground, client, squad, schedule)
    try:
        await pages.begin()
        await pages.play()
        verdict = await settle(pages)
    finally:
        await pages.close()

    played.sums.update(
        {
            "schedules": 1,
            "orders": len(pages.tasks),
            "events shown": verdict.events,
            "answers and other acts": verdict.acts,
            "violations": len(verdict.wrong),
        }
    )
    if verdict.wrong:
        told = [
            f"{name} {story}" for name, story in verdict.stories.items() if f"{name}:" in str(verdict.wrong)
        ]
        wrong = "\n".join([*verdict.wrong[:NAMED], *told[:STORIES]])
        pytest.fail(
            f"{len(verdict.wrong)} violations:\n{wrong}\n{schedule}\nagain: pytest {__file__} --seed {seed}",
            pytrace=False,
        )


def _phones(squad: Mapping[str, Any]) -> int:
    return sum(len(person["sessions"]) for person in squad["people"])
