"""The keyed permutation of serials, and its inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.volunteers.number_permutation import LIFE, TEMPORARY, Span, gathered, scattered
from backend.volunteers.number_scheme import SERIALS, parse_volunteer_number

keys = st.binary(min_size=16, max_size=16)
spans = pytest.mark.parametrize("span", [LIFE, TEMPORARY], ids=["life", "temporary"])


def test_spans_are_the_serials_below_9_and_those_that_begin_with_it() -> None:
    assert (LIFE.first, LIFE.size) == (1_000_000, SERIALS)
    assert (TEMPORARY.first, TEMPORARY.first + TEMPORARY.size) == (LIFE.first + LIFE.size, 10_000_000)


@spans
@given(keys, st.data())
def test_scattering_never_meets_itself(span: Span, key: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, span.size - 300))
    places = {scattered(index, key, span) for index in range(start, start + 300)}

    assert len(places) == 300
    assert min(places) >= 0
    assert max(places) < span.size


@spans
@given(keys, st.data())
def test_gathering_undoes_scattering(span: Span, key: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, span.size - 1))

    assert gathered(scattered(index, key, span), key, span) == index
    assert scattered(gathered(index, key, span), key, span) == index


def test_scattering_reaches_every_place_of_a_small_span() -> None:
    span = Span(0, 20, 30)

    assert {scattered(index, b"key", span) for index in range(600)} == set(range(600))


@spans
@given(keys, st.data())
def test_numbers_lead_back_to_their_index(span: Span, key: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, span.size - 1))
    number = span.number_at(index, key)

    if number is not None:
        assert parse_volunteer_number(str(number)) == number
        assert span.holds(number)
        assert span.index_of(number, key) == index


def test_temporary_numbers_begin_with_9_and_no_others() -> None:
    numbers = {span: [span.number_at(index, b"key") for index in range(500)] for span in (LIFE, TEMPORARY)}

    assert {str(number)[0] for number in numbers[TEMPORARY] if number} == {"9"}
    assert {str(number)[0] for number in numbers[LIFE] if number} == set("12345678")
