"""A phone that keeps every rule passes: what the wrong phones fail by is the one thing that they do otherwise."""

import pytest

from simulator.conformance.trials import TRIALS
from tests.conformance.conftest import Judge
from tests.conformance.phone import Phone

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize("name", [trial.name for trial in TRIALS])
async def test_right_phone_passes(judge: Judge, name: str) -> None:
    verdict = await judge(Phone, name)

    assert (verdict.outcome, verdict.faults, verdict.why) == ("passed", [], "")
