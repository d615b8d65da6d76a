"""What is kept of a text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.texts import NotAText, as_line, read_line, read_text

_NEVER = {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(max_size=60))
def test_a_text_stays_what_it_is_and_holds_nothing_that_steers(text: str) -> None:
    for read in (read_line, read_text, as_line):
        try:
            kept = read(text)
        except NotAText:
            continue
        plain = kept.replace("\n", "").replace("\t", "") if read is read_text else kept
        assert read(kept) == kept
        assert not {unicodedata.category(sign) for sign in plain} & _NEVER


@pytest.mark.parametrize("sign", "\u200e\u202a\u202b\u202d\u202e\u2066\u2069\u200b\ufeff\u3164")
def test_what_cannot_be_seen_is_left_out(sign: str) -> None:
    assert read_line(f"河{sign}边") == read_text(f"河{sign}边") == as_line(f"河{sign}边") == "河边"


@pytest.mark.parametrize("sign", "\0\x07\x1b\x7f\x9f\ud800")
def test_what_steers_a_program_is_refused(sign: str) -> None:
    for read in (read_line, read_text):
        with pytest.raises(NotAText):
            read(f"河{sign}边")
    assert as_line(f"河{sign}边") == "河边"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_lines_end_in_one_way(end: str) -> None:
    assert read_text(f"Meet at the bridge.{end}Bring a torch.{end}") == "Meet at the bridge.\nBring a torch."
    with pytest.raises(NotAText):
        read_line(f"Meet at the bridge.{end}Bring a torch.")


@pytest.mark.parametrize("text", ["👨‍👩‍👧", "🏳️‍🌈", "👩🏽‍🚒", "می‌خواهم", "क्‍ष", "- [ ] torch", "=1", "!"])
def test_a_text_is_kept_as_it_was_written(text: str) -> None:
    assert read_line(text) == text
    assert read_text(f"a\n\t{text}") == f"a\n\t{text}"
