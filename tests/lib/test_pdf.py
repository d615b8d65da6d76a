"""What is printed stays in its place, however long the names are."""

import pytest

from backend.badges.badge_card import NAME, UNIT, Card, card_pdf, card_svg
from backend.lib.pdf import LEADING, LEAST_SIZE, POINT_MM, _width_of, fitted

LONG_UNIT = "浙江省金华市浦江县浦南街道文溪社区义务巡逻与应急救援志愿服务中队"
LONG_NAME = "Wilhelmina Featherstonehaugh-Cholmondeley"


@pytest.mark.parametrize("text", ["文溪社区", LONG_UNIT, LONG_UNIT * 3, LONG_NAME, "x" * 80, "", "𠮷"])
@pytest.mark.parametrize("place", [NAME, UNIT])
def test_text_stays_in_its_place(text: str, place: dict[str, float]) -> None:
    size, lines = fitted(text, 13, **place)

    assert size >= LEAST_SIZE
    assert all(_width_of(line, size) <= place["width"] for line in lines)
    assert (1 + (len(lines) - 1) * LEADING) * size * POINT_MM <= place["height"] + 0.001


def test_text_is_cut_only_when_nothing_else_helps() -> None:
    assert fitted("文溪社区", 13, **NAME) == (13, ["文溪社区"])
    assert "".join(fitted(LONG_UNIT, 8, **UNIT)[1]) == LONG_UNIT
    assert fitted(LONG_UNIT * 3, 8, **UNIT)[1][-1].endswith("…")


def test_words_are_broken_between_words() -> None:
    assert fitted(LONG_NAME, 13, **NAME)[1] == ["Wilhelmina", "Featherstonehaugh-", "Cholmondeley"]


def test_card_squeezes_no_letters() -> None:
    card = Card("5257 9561", LONG_NAME, LONG_UNIT, "07-26-01-001-4", "2028-11-24", "https://x/b/1", b"")

    drawn = card_svg(card)

    assert "textLength" not in drawn
    assert ">Featherstonehaugh-</text>" in drawn
    assert card_pdf(card).startswith(b"%PDF")
