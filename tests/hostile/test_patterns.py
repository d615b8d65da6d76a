"""No regular expression that meets what clients send takes longer than in proportion to it."""

import re
import time
from heapq import nlargest
from itertools import islice

import pytest

from backend.lib import logs
from tests.hostile.patterns import ROOT, Use, hostile_texts, uses

LENGTHS = (2 * 1024, 16 * 1024, 64 * 1024)
"""All texts are tried at the first length; those that took longest, at the others."""
SLOWEST = 10
LONG_WITHIN_S = 0.25
"""What is linear takes some milliseconds for 64 KB; what is quadratic takes seconds."""
USES = uses()


def seconds(use: Use, text: str) -> float:
    began = time.thread_time()
    use.run(text)
    return time.thread_time() - began


@pytest.mark.parametrize("use", USES, ids=[use.place for use in USES])
def test_pattern_is_linear(use: Use) -> None:
    short = [(seconds(use, text), number) for number, text in enumerate(hostile_texts(use, LENGTHS[0]))]
    slowest = [number for _, number in nlargest(SLOWEST, short)]

    for length in LENGTHS:
        texts = [nth(use, number, length) for number in slowest]
        took = {text[:80]: min(seconds(use, text) for _ in range(2)) for text in texts}
        limit = LONG_WITHIN_S * length / LENGTHS[-1]
        assert {text: round(s, 3) for text, s in took.items() if s > limit} == {}


def nth(use: Use, number: int, length: int) -> str:
    return next(islice(hostile_texts(use, length), number, None))


def test_every_pattern_is_found_and_a_quadratic_one_is_seen() -> None:
    """The net has no hole: the filter of the log is in it, and the pattern that it had before would not pass."""
    before = Use("before", re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"))
    found = {use.pattern.pattern for use in USES}

    assert logs._SECRET.pattern in found
    assert logs.REQUEST_ID.pattern in found
    assert seconds(before, "eyJ" * (LENGTHS[1] // 3)) > LONG_WITHIN_S * LENGTHS[1] / LENGTHS[-1]


def test_patterns_are_looked_for_by_that_one_name() -> None:
    """What is imported from `re`, or another engine, would hide a pattern from the net."""
    hidden = re.compile(r"^\s*(from re import|import re as|import regex|from regex)|python-re", re.MULTILINE)

    assert [str(path) for path in (ROOT / "backend").rglob("*.py") if hidden.search(path.read_text())] == []
