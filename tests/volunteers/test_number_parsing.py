"""Numbers as people write, say and mistype them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.volunteers.number_parsing import digits_of, one_slip_away, read_number
from backend.volunteers.number_scheme import format_volunteer_number, volunteer_number

SPOKEN = ("洞", "幺", "两", "三", "四", "五", "六", "拐", "八", "勾")
WRITTEN = ("〇", "一", "二", "三", "四", "五", "六", "七", "八", "九")
FINANCIAL = ("零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖")
FULL_WIDTH = tuple("０１２３４５６７８９")
GAPS = (" ", "\u3000", "\u00a0", "-", "－", "—", "‑", "−", "·", "\u200b", "\t", "_", ".")

numbers = st.integers(1_000_000, 9_999_999).map(volunteer_number).filter(lambda number: number is not None)


@pytest.mark.parametrize(
    "text",
    [
        "23456781",
        "2345 6781",
        "2345-6781",
        "２３４５　６７８１",
        "２３４５－６７８１",
        "2345—6781",
        "2345 – 6781",
        " 2 3 4 5 6 7 8 1 ",
        "两三四五六拐八幺",
        "两三四五 六拐八幺",
        "二三四五六七八一",
        "贰叁肆伍陆柒捌壹",
        "2三四5六7八1",
        "编号：2345 6781",
        "志愿者编号: 2345 6781",
        "志愿者编号是2345 6781。",
        "No. 2345 6781",
        "№ 2345 6781",
        "number 2345 6781",
        "#23456781",
        "2345 6781号",
        "\ufeff2345\u200b6781\n",
        "2345,6781",
    ],
)
def test_a_number_is_read_as_people_write_and_say_it(text: str) -> None:
    assert read_number(text) == 23456781


def test_zero_and_nine_are_said_by_radio() -> None:
    assert read_number("勾洞洞洞 洞洞幺两") == 90000012


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2345 678",
        "2345 67811",
        "02345678",
        "abc",
        "2345678X",
        "二十三",
        "²" * 9,
        "2" * 101,
        "23456781" * 20,
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text) is None


def test_a_wrong_check_digit_is_read_but_is_no_number() -> None:
    assert digits_of("2345 6782") == "23456782"
    assert read_number("2345 6782") is None


@given(numbers, st.sampled_from([SPOKEN, WRITTEN, FINANCIAL, FULL_WIDTH]), st.data())
def test_every_number_is_read_in_every_form(number: int, form: tuple[str, ...], data: st.DataObject) -> None:
    digits = [form[int(digit)] for digit in f"{number:08d}"]
    gaps = data.draw(st.lists(st.sampled_from(["", *GAPS]), min_size=8, max_size=8))

    assert read_number("".join(gap + digit for gap, digit in zip(gaps, digits, strict=True))) == number
    assert read_number(format_volunteer_number(number)) == number


@given(st.text(max_size=120))
def test_any_text_is_read_or_is_not(text: str) -> None:
    digits = digits_of(text)

    assert digits is None or (len(digits) == 8 and digits.isascii() and digits.isdecimal())


# --- slips --------------------------------------------------------------------------------------------------------


def wrong_digit(digits: str, place: int, by: int) -> str:
    return _put(digits, {place: str((int(digits[place]) + by) % 10)})


def swap(digits: str, place: int, over: int) -> str:
    return _put(digits, {place: digits[place + over], place + over: digits[place]})


def twin(digits: str, place: int, over: int, by: int) -> str:
    """Make a pair of equal digits first, then mistake it: returned is the mistaken one (see below)."""
    other = str((int(digits[place]) + by) % 10)
    return _put(digits, {place: other, place + over: other})


def _put(digits: str, changes: dict[int, str]) -> str:
    return "".join(changes.get(place, digit) for place, digit in enumerate(digits))


@given(numbers, st.integers(0, 7), st.integers(1, 9))
def test_a_wrong_digit_is_one_slip_away(number: int, place: int, by: int) -> None:
    assert number in one_slip_away(wrong_digit(f"{number:08d}", place, by))


@pytest.mark.parametrize("over", [1, 2], ids=["neighbours", "over one"])
@given(numbers, st.data())
def test_swapped_digits_are_one_slip_away(over: int, number: int, data: st.DataObject) -> None:
    digits = f"{number:08d}"
    slipped = swap(digits, data.draw(st.integers(0, 7 - over)), over)

    assert slipped == digits or number in one_slip_away(slipped)


def with_a_pair(over: int) -> Callable[[int], list[int]]:
    def places(number: int) -> list[int]:
        digits = f"{number:08d}"
        return [place for place in range(8 - over) if digits[place] == digits[place + over]]

    return places


@pytest.mark.parametrize("over", [1, 2], ids=["twin", "jump twin"])
@given(numbers, st.integers(1, 9))
def test_a_wrong_pair_is_one_slip_away(over: int, number: int, by: int) -> None:
    digits = f"{number:08d}"
    for place in with_a_pair(over)(number):
        assert number in one_slip_away(twin(digits, place, over, by))


@given(numbers, st.integers(0, 7), st.integers(1, 9))
def test_suggestions_are_few_and_valid(number: int, place: int, by: int) -> None:
    near = one_slip_away(wrong_digit(f"{number:08d}", place, by))

    assert len(near) < 60
    assert all(read_number(str(suggestion)) == suggestion for suggestion in near)


@given(numbers)
def test_no_valid_number_is_one_slip_from_another(number: int) -> None:
    assert one_slip_away(f"{number:08d}") == set()
