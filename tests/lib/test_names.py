"""What may be a name, and when two are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.names import LONGEST, NotAName, plain_name, read_name, same_name

_NEVER = {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(max_size=100))
def test_a_name_stays_what_it_is_and_holds_nothing_that_cannot_be_written(text: str) -> None:
    try:
        name = read_name(text)
    except NotAName:
        return
    assert read_name(name) == name
    assert 0 < len(name) <= LONGEST
    assert not {unicodedata.category(sign) for sign in name} & _NEVER
    assert name.encode()


@given(st.text(max_size=60))
def test_the_compared_form_is_its_own(text: str) -> None:
    assert plain_name(plain_name(text)) == plain_name(text)


@given(st.integers(0x10000, 0x3FFFF))
def test_no_character_is_refused_because_it_is_new(code: int) -> None:
    """Of the planes of Han characters this Python knows those of Unicode 14."""
    if code & 0xFFFE == 0xFFFE or unicodedata.category(chr(code)) in {"Cf", "Cc"}:
        return
    assert read_name(f"王{chr(code)}") == f"王{chr(code)}"


@pytest.mark.parametrize(
    "sign",
    [
        *"\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        *"\u200b\u2060\ufeff\u00ad\u3164\U000e0041",
    ],
)
def test_what_cannot_be_seen_is_left_out(sign: str) -> None:
    assert read_name(f"王{sign}芳") == read_name(f"{sign}王芳") == "王芳"


@pytest.mark.parametrize("dot", "·•‧∙⋅・･.．")
def test_every_dot_in_the_middle_is_the_same(dot: str) -> None:
    assert read_name(f"买买提{dot}吐尔逊") == f"买买提{dot}吐尔逊"
    assert same_name(f"买买提{dot}吐尔逊", "买买提·吐尔逊")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王　芳", "王芳"),
        ("王  芳", "王 芳"),
        ("Ｌｉ Ｑｉａｎｇ", "li qiang"),
        ("José", "JOSE"),
        ("O’Brien", "O'Brien"),
        ("樂", "\uf914"),
    ],
)
def test_names_are_the_same_in_another_width_or_spacing(one: str, other: str) -> None:
    assert same_name(one, other)


@pytest.mark.parametrize(("one", "other"), [("王芳", "王方"), ("王芳芳", "王芳"), ("क", "कि")])
def test_other_names_are_others(one: str, other: str) -> None:
    assert not same_name(one, other)
