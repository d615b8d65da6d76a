"""Phone numbers have one form, whatever stands in a text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.phones import canonical, dialled, is_mobile, pick_phone, read_phone, tail

FORM = re.compile(r"1[0-9]{10}|0[1-9][0-9]{8,10}(-[0-9]{1,6})?|\+[1-9][0-9]{6,14}(-[0-9]{1,6})?")
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
SIGNS = "0123456789 +-/()（）.,、;；|转短号extE#\n\u202d１２３"


@given(st.text(alphabet=SIGNS, max_size=40) | st.text(max_size=40))
def test_a_text_is_one_number_in_its_form_or_none(text: str) -> None:
    try:
        phone, is_alone = pick_phone(text)
    except ValueError:
        return
    assert FORM.fullmatch(phone)
    assert read_phone(phone) == phone
    assert not is_alone or read_phone(text) == phone


@given(MOBILES, MOBILES, st.sampled_from("/、,;|\n "))
def test_two_mobiles_are_never_one_long_number(one: str, other: str, between: str) -> None:
    assert pick_phone(f"{one}{between}{other}") == (one, False)
    with pytest.raises(ValueError, match="more than one"):
        read_phone(f"{one}{between}{other}")


@given(
    MOBILES, st.from_regex(r"[0-9]{3,6}", fullmatch=True), st.sampled_from(["/", "(", "短号", "转", "-", " "])
)
def test_a_short_number_beside_a_mobile_is_left_out(mobile: str, short: str, between: str) -> None:
    assert pick_phone(f"{mobile}{between}{short}") == (mobile, False)


@given(st.from_regex(r"1[3-9][0-9]{8}([0-9]{2,4})?", fullmatch=True))
def test_a_mobile_has_eleven_digits(digits: str) -> None:
    with pytest.raises(ValueError, match="phone"):
        read_phone(digits)


@given(
    MOBILES,
    st.sampled_from(["", "+86", "86", "0086", "(+86) ", "0", "+86-"]),
    st.sampled_from(["", " ", "-", "."]),
)
def test_a_mobile_is_the_same_with_or_without_its_country(mobile: str, country: str, gap: str) -> None:
    written = country + gap.join((mobile[:3], mobile[3:7], mobile[7:]))

    assert read_phone(written) == canonical(written) == mobile


@pytest.mark.parametrize(
    ("phone", "last", "number"),
    [
        ("13800001234", "1234", "13800001234"),
        ("057984123456-801", "3456", "057984123456,801"),
        ("+85261234567", "4567", "+85261234567"),
        ("", "", ""),
    ],
)
def test_extensions_are_dialled_after_a_pause_and_are_not_the_end(phone: str, last: str, number: str) -> None:
    assert (tail(phone), dialled(phone)) == (last, number)


def test_numbers_of_demonstrations_are_mobiles_and_landlines_of_peking_are_not() -> None:
    assert is_mobile(read_phone("100 0000 0001"))
    assert read_phone("010-87654321-0") == "01087654321-0"


@pytest.mark.parametrize("text", ["1913 3365", "１９１３ ３３６５", "1913-3365"])
def test_what_is_no_phone_signs_in_without_what_stands_between(text: str) -> None:
    assert canonical(text) == "19133365"
