"""Many numbers are kept as a short text, and come out again."""

from hypothesis import given
from hypothesis import strategies as st

from backend.realtime.frames import PACKED_FROM, Audience
from backend.realtime.packing import pack, unpack


@given(numbers=st.lists(st.integers(0, 2**32 - 1), max_size=200))
def test_numbers_come_out_as_they_went_in(numbers: list[int]) -> None:
    assert unpack(pack(numbers)) == sorted(set(numbers))


def test_thousands_of_numbers_are_short() -> None:
    numbers = list(range(20_000_000, 20_080_000, 10))

    assert len(pack(numbers)) < 2_000
    assert unpack(pack(numbers)) == numbers


@given(
    numbers=st.one_of(st.none(), st.sets(st.integers(10_000_000, 99_999_999), max_size=2 * PACKED_FROM)),
    tags=st.one_of(st.none(), st.lists(st.sampled_from(["adult", "skill:boat"]), unique=True)),
)
def test_an_audience_is_the_same_after_the_log(numbers: set[int] | None, tags: list[str] | None) -> None:
    audience = Audience(numbers=None if numbers is None else sorted(numbers), tags=tags)

    assert Audience.of_stored(audience.stored) == audience
