"""Dates are read with every reading that they have, and no day is made up."""

import re
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.dates import Reading, plain_day, readings

TODAY = date(2026, 11, 25)
DAYS = st.dates(date(1900, 1, 1), TODAY)


@given(
    DAYS,
    st.sampled_from(
        ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y %m %d", "%Y-%m-%d 00:00:00"]
    ),
)
def test_a_whole_date_is_its_day(day: date, form: str) -> None:
    (found,) = readings(day.strftime(form), until=TODAY)

    assert (found.first, found.last, found.is_whole) == (day, day, True)


@given(DAYS, st.sampled_from(["%Y-%m", "%Y/%m", "%Y.%m", "%Y年%m月", "%Y%m", "%m/%Y", "%Y", "%Y年"]))
def test_a_date_without_a_day_gets_none(day: date, form: str) -> None:
    found = readings(day.strftime(form), until=TODAY)

    assert any(reading.allows(day) for reading in found)
    assert not (len(found) == 1 and found[0].is_whole)


@given(
    st.text(alphabet="0123456789-/.年月日 ", max_size=12)
    | st.floats(0, 99_999_999)
    | st.integers(0, 99_999_999)
)
def test_a_single_day_needs_a_year_a_month_and_a_day(cell: Any) -> None:
    found = readings(cell, until=TODAY)

    if len(found) == 1 and found[0].is_whole:
        numbers = re.findall("[0-9]+", str(cell).removesuffix(".0"))
        assert len(numbers) == 3 or [len(number) for number in numbers] == [8]
        assert found[0].first <= TODAY


@given(DAYS)
def test_a_day_that_may_come_first_has_both_readings(day: date) -> None:
    found = readings(day.strftime("%d/%m/%Y"), until=date(MAXYEAR, 1, 1))

    other = {Reading(day.year, day.day, day.month)} if day.day <= 12 else set()
    assert set(found) == {Reading(day.year, day.month, day.day)} | other


def test_a_moment_inside_a_day_may_be_of_the_next() -> None:
    """Spreadsheets that count from the mean time of Shanghai write midnights 43 seconds early."""
    midnight, before = datetime(1980, 1, 31), datetime(1980, 1, 30, 23, 59, 17)  # noqa: DTZ001

    assert [found.first for found in readings(midnight, until=TODAY)] == [date(1980, 1, 31)]
    assert [found.first for found in readings(before, until=TODAY)] == [date(1980, 1, 30), date(1980, 1, 31)]
    assert readings(datetime(MAXYEAR, 12, 31, 12), until=TODAY) == []  # noqa: DTZ001


def test_what_has_not_come_or_is_long_ago_is_no_reading() -> None:
    tomorrow = TODAY + timedelta(days=1)

    assert [
        readings(text, until=TODAY) for text in (tomorrow.isoformat(), "2027-01", "1899", "1899-12-31")
    ] == [[]] * 4
    assert readings("2026", until=TODAY) == [Reading(2026)]


@pytest.mark.parametrize("text", ["1980-02-30", "1980-1-310", "80-01-31", "1980-01", None, 1980, ""])
def test_what_is_not_plain_is_left_to_the_readings(text: Any) -> None:
    assert plain_day(text) is None
