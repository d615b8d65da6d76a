"""A server with a leader and a volunteer, which all trials of a run share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from simulator.conformance.disguise import Disguise
from simulator.conformance.installation import Installation, throwaway
from simulator.conformance.kit import Kit
from simulator.conformance.leader import Leader
from simulator.conformance.proxy import Proxy
from simulator.conformance.trials import TRIALS
from simulator.conformance.verdict import Verdict
from tests.conformance.phone import Phone

PACE = 8
SLACK_S = 1.5
"""For wrong phones, for what they never do."""
RIGHT_SLACK_S = 20.0
"""For the right phone: whatever else this machine does, its time is not what is tried."""
PATIENCE_S = 20.0

Judge = Callable[[type[Phone], str], Awaitable[Verdict]]


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    with throwaway(PACE) as running:
        yield running


@pytest.fixture
async def judge(installation: Installation) -> AsyncIterator[Judge]:
    """Let a phone of a class sign in and play one trial."""
    proxy = Proxy(installation.server, Disguise(PACE))
    await proxy.open("127.0.0.1", 0)
    phones: list[Phone] = []

    async def play(kind: type[Phone], name: str) -> Verdict:
        volunteer = installation.volunteer
        phone = kind(f"http://127.0.0.1:{proxy.port}", volunteer.number, volunteer.password, PACE, PATIENCE_S)
        phones.append(phone)
        slack_s = RIGHT_SLACK_S if kind is Phone else SLACK_S
        kit = Kit(proxy, Leader(installation), phone, slack_s)
        by_name = {trial.name: trial for trial in TRIALS}
        first = await kit.judge(by_name["sign-in"])
        return first if name == "sign-in" or first.outcome == "failed" else await kit.judge(by_name[name])

    try:
        yield play
    finally:
        await asyncio.gather(*(phone.close() for phone in phones))
        await proxy.close()
