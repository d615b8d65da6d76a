"""Numbers of volunteers and units: vectors, and what their check character finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.volunteers.number_scheme import (
    check_character,
    format_unit_number,
    format_volunteer_number,
    parse_unit_number,
    parse_volunteer_number,
    unit_number,
    volunteer_number,
)

serials = st.integers(1_000_000, 8_999_999)


@pytest.mark.parametrize("number", ["10000005", "10000013", "10000021", "10000048", "23456781", "90000012"])
def test_parse_takes_valid_numbers(number: str) -> None:
    assert parse_volunteer_number(number) == int(number)
    assert parse_volunteer_number(format_volunteer_number(int(number))) == int(number)


@pytest.mark.parametrize(
    "text", ["", "23456782", "2345678", "234567810", "2345678X", "01234567", "２３４５６７８１", "abc"]
)
def test_parse_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a volunteer number"):
        parse_volunteer_number(text)


def test_number_is_written_in_two_fours() -> None:
    assert format_volunteer_number(23456781) == "2345 6781"
    assert volunteer_number(2345678) == 23456781


def test_serial_whose_check_would_be_x_is_skipped() -> None:
    assert volunteer_number(1_000_003) is None


def test_capacity_is_7_272_727() -> None:
    """Of eleven serials in a row ten or eleven have a digit; counted on a sample of 11,000."""
    issued = sum(volunteer_number(serial) is not None for serial in range(1_000_000, 1_011_000))

    assert issued == 10_000


@given(serials, st.integers(0, 7), st.integers(1, 9))
def test_every_wrong_digit_is_found(serial: int, position: int, by: int) -> None:
    digits = list(f"{volunteer_number(serial) or 23456781:08d}")
    digits[position] = str((int(digits[position]) + by) % 10)

    with pytest.raises(ValueError, match="not a volunteer number"):
        parse_volunteer_number("".join(digits))


@given(serials, st.integers(0, 7), st.integers(1, 2))
def test_every_swap_of_neighbours_and_over_one_is_found(serial: int, position: int, over: int) -> None:
    digits = list(f"{volunteer_number(serial) or 23456781:08d}")
    other = (position + over) % 8
    if other < position or digits[position] == digits[other]:
        return
    digits[position], digits[other] = digits[other], digits[position]

    with pytest.raises(ValueError, match="not a volunteer number"):
        parse_volunteer_number("".join(digits))


@pytest.mark.parametrize(
    ("serials", "written"),
    [
        ((), "00-00-00-000-1"),
        ((7, 26), "07-26-00-000-0"),
        ((7, 26, 4), "07-26-04-000-2"),
        ((7, 26, 4, 12), "07-26-04-012-5"),
    ],
)
def test_unit_numbers(serials: tuple[int, ...], written: str) -> None:
    assert format_unit_number(unit_number(*serials)) == written
    assert parse_unit_number(written) == written.replace("-", "")


def test_unit_number_may_end_in_x() -> None:
    digits = next(f"07260{n:04d}" for n in range(100) if check_character(f"07260{n:04d}") == "X")

    assert parse_unit_number(digits + "x") == digits + "X"


@pytest.mark.parametrize("text", ["", "07-26-04-012-6", "0726040125 5", "X726040125", "072604012"])
def test_parse_refuses_what_is_no_unit_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a unit number"):
        parse_unit_number(text)


def test_unit_number_refuses_serials_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="no unit can have"):
        unit_number(7, 26, 100)
