"""The kit can fail: each phone that does one thing wrong is found out by the check for it."""

from typing import get_args

import pytest

from simulator.conformance.verdict import CheckName
from tests.conformance.conftest import Judge
from tests.conformance.phone import Phone
from tests.conformance.told import told
from tests.conformance.wrong import WRONG

pytestmark = [
    pytest.mark.waits,
    pytest.mark.timeout(180),  # the server starts in the first test
    pytest.mark.xdist_group("conformance"),
]


@pytest.mark.parametrize(("kind", "name", "check"), WRONG, ids=[kind.__name__ for kind, _, _ in WRONG])
async def test_wrong_phone_is_found_out(judge: Judge, kind: type[Phone], name: str, check: CheckName) -> None:
    verdict = await judge(kind, name)

    assert verdict.outcome == "failed", told(verdict)
    assert check in {fault.check for fault in verdict.faults}, told(verdict)


@pytest.mark.parametrize("name", sorted({name for _, name, _ in WRONG}))
async def test_right_phone_passes(judge: Judge, name: str) -> None:
    """What the wrong phones fail by is the one thing that they do otherwise."""
    verdict = await judge(Phone, name)

    assert verdict.outcome == "passed", told(verdict)


def test_every_check_finds_a_wrong_phone() -> None:
    assert {check for _, _, check in WRONG} == set(get_args(CheckName))
