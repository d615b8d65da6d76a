"""A packed body is unpacked up to a size, and never beyond."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.errors import Malformed, TooLarge
from backend.lib.gzip_body import unpacked


@given(st.binary(max_size=2_000))
def test_what_was_packed_is_unpacked(content: bytes) -> None:
    assert unpacked(gzip.compress(content), limit=2_000) == content


@given(st.binary(max_size=200))
def test_anything_else_is_malformed_or_unpacks(packed: bytes) -> None:
    with suppress(Malformed, TooLarge):
        assert len(unpacked(packed, limit=1_000)) <= 1_000


def test_more_than_the_limit_is_too_large() -> None:
    packed = gzip.compress(b"x" * 1_000)
    assert len(unpacked(packed, limit=1_000)) == 1_000
    with pytest.raises(TooLarge):
        unpacked(packed, limit=999)


def test_a_bomb_is_too_large_and_is_not_unpacked() -> None:
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(bytes(100_000_000), 1), limit=4_000_000)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no gzip",
        gzip.compress(b"x" * 50)[:-1],
        gzip.compress(b"x" * 50)[:20],
        gzip.compress(b"x") + b"y",
    ],
    ids=["empty", "not packed", "without its last byte", "cut in half", "with something behind it"],
)
def test_a_broken_stream_is_malformed(packed: bytes) -> None:
    with pytest.raises(Malformed):
        unpacked(packed, limit=1_000)
