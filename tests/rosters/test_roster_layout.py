"""Sheets as people lay them out: where the tables are, what merged cells go over, and how positions are counted."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.rosters.reading.cells import CellKind, kind_of_format, number_of, unescaped
from backend.rosters.reading.columns import Column
from backend.rosters.reading.events import SheetFate
from backend.rosters.reading.layout import Layout, find_layout
from backend.rosters.reading.merges import Merge, MergesOfRows
from backend.rosters.reading.people_below import Ranges
from backend.rosters.reading.places import NamedUnit, UnitFinder
from backend.rosters.reading.positions import Positions, located
from backend.rosters.reading.refusals import FATES, NOTES, UnreadableRoster
from backend.rosters.reading.sheets import Row, place_of

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001


def laid_out(*lines: str) -> Layout:
    """Return the layout of lines whose cells are parted by bars."""
    rows = [Row(number, [cell.strip() for cell in line.split("|")]) for number, line in enumerate(lines, 1)]
    found = find_layout(rows)
    assert found is not None
    return found[0]


def tables(*lines: str) -> list[dict[str, int]]:
    return [
        {column.value: place for column, place in table.heading.places.items()}
        for table in laid_out(*lines).tables
    ]


# --- tables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["姓名|手机|单位"], [{"name": 0, "phone": 1, "unit": 2}]),
        (["名册||", "姓名|手机|单位"], [{"name": 0, "phone": 1, "unit": 2}]),
        (["姓名|Name|手机"], [{"name": 0, "phone": 2}]),
        (["姓名|手机|电话"], [{"name": 0, "phone": 1}]),
        (["姓名|手机||姓名|手机"], [{"name": 0, "phone": 1}, {"name": 3, "phone": 4}]),
        (["手机|姓名|手机|姓名"], [{"phone": 0, "name": 1}, {"phone": 2, "name": 3}]),
        (["姓名|手机|姓名|手机|姓名|手机"], [{"name": n, "phone": n + 1} for n in (0, 2, 4)]),
        (
            ["单位|姓名|手机|姓名|手机"],
            [{"unit": 0, "name": 1, "phone": 2}, {"name": 3, "phone": 4, "unit": 0}],
        ),
        (["姓名|手机|姓名|身份证号"], [{"name": 0, "phone": 1}]),
        (["姓名|手机|性别|姓名|金额"], [{"name": 0, "phone": 1}]),
        (["姓名|联系方式||", "|固话|手机|"], [{"name": 0, "phone": 2}]),
        (
            ["姓名|手机|出生", "||日期", "王芳|13800000001|1980-01-31"],
            [{"name": 0, "phone": 1, "born_on": 2}],
        ),
        (["姓名|手机", "Name|Mobile", "王芳|13800000001"], [{"name": 0, "phone": 1}]),
        (["姓名|手机", "姓名|手机"], [{"name": 0, "phone": 1}]),
        (["个人信息||紧急联系人|", "姓名|身份证号|称呼|电话"], [{"name": 0, "id_card": 1, "phone": 3}]),
        (["填报人：王五|电话：6", "姓名|手机"], [{"name": 0, "phone": 1}]),
        (["负责人：王五|负责人：李六", "姓名|手机"], [{"name": 0, "phone": 1}]),
    ],
)
def test_tables_are_found(lines: list[str], expected: list[dict[str, int]]) -> None:
    assert tables(*lines) == expected


def test_columns_under_a_merged_word_for_others_are_not_theirs() -> None:
    """The phone of a relative is not the volunteer's, though it is the only one."""
    rows = [
        Row(1, ["姓名", "身份证号", "紧急联系人", None]),
        Row(2, [None, None, "称呼", "电话"]),
    ]
    merges = MergesOfRows([Merge(1, 2, 0, 0), Merge(1, 2, 1, 1), Merge(1, 1, 2, 3)], 101)
    for row in rows:
        row.covered = merges.of(row.number, row.cells)

    found = find_layout(rows)

    assert found is not None
    assert found[0].tables[0].heading.places == {Column.NAME: 0, Column.ID_CARD: 1}
    assert found[0].tables[0].heading.ignored == ["紧急联系人/称呼", "紧急联系人/电话"]


def test_headings_end_where_people_begin() -> None:
    for line in ("王芳|13800000001", "|", "电话|13800000001", "王芳|手机"):
        assert laid_out("姓名|手机", line).row == 1


# --- merged cells -------------------------------------------------------------------------------------------------


def test_what_is_merged_goes_over_the_rows_below_and_the_columns_beside() -> None:
    merges = MergesOfRows([Merge(2, 4, 0, 1), Merge(9, 9, 1, 2)], 3)

    assert merges.of(1, ["a", "b", "c"]) == {}
    assert {place: each.is_first for place, each in merges.of(2, ["x", None, "c"]).items()} == {1: False}
    for number in (3, 4):
        below = merges.of(number, [None, None, "c"])
        assert {place: (each.value, each.is_first) for place, each in below.items()} == {
            0: ("x", True),
            1: ("x", False),
        }
    assert merges.of(5, ["a", "b", "c"]) == {}
    assert list(merges.of(9, ["a", "y", None])) == [2]
    assert merges.of(10, ["a"]) == {}


def test_merged_cell_whose_first_row_is_not_there_has_no_value() -> None:
    merges = MergesOfRows([Merge(2, 5, 0, 0)], 3)

    assert [each.value for each in merges.of(4, ["hidden"]).values()] == [None]


SPANS = some.tuples(some.integers(1, 12), some.integers(0, 6), some.integers(0, 4), some.integers(0, 3))


@given(some.lists(SPANS, max_size=12), some.sets(some.integers(1, 20)))
def test_each_row_knows_the_merged_cells_over_it(spans: list[Any], rows: set[int]) -> None:
    """Compared with the plain definition, for merged cells that do not overlap."""
    merges: list[Merge] = []
    for top, down, left, right in spans:
        new = Merge(top, top + down, left, left + right)
        if not any(
            new.top <= old.bottom
            and old.top <= new.bottom
            and new.left <= old.right
            and old.left <= new.right
            for old in merges
        ):
            merges.append(new)
    told = MergesOfRows(merges, 6)

    for number in sorted(rows):
        cells = [f"{number}.{place}" for place in range(6)]
        expected = {
            place: (f"{each.top}.{each.left}" if each.top in rows else None, place == each.left)
            for each in merges
            for place in range(each.left, min(each.right, 5) + 1)
            if each.top <= number <= each.bottom and (number, place) != (each.top, each.left)
        }
        found = told.of(number, cells)
        assert {place: (each.value, each.is_first) for place, each in found.items()} == expected


# --- positions ----------------------------------------------------------------------------------------------------


def test_position_is_the_row_in_a_file_with_one_table() -> None:
    positions = Positions()
    positions.begin(sheet="", row=1, tables=1)

    assert [positions.of(row, 0) for row in (2, 3, 900)] == [2, 3, 900]
    assert located(900, positions.stretches) == ("", 900)
    assert located(7, []) == ("", 7)


@given(some.lists(some.tuples(some.integers(1, 3), some.sets(some.integers(1, 50), min_size=1)), min_size=1))
def test_positions_grow_and_lead_back(sheets: list[tuple[int, set[int]]]) -> None:
    positions, given_out = Positions(), []

    for place, (count, rows) in enumerate(sheets):
        positions.begin(sheet=str(place), row=1, tables=count)
        for row in sorted(rows):
            given_out += [(positions.of(row, table), str(place), row) for table in range(count)]

    assert [position for position, _, _ in given_out] == sorted({position for position, _, _ in given_out})
    for position, sheet, row in given_out:
        assert located(position, positions.stretches) == (sheet, row)


def test_tables_without_end_are_refused() -> None:
    positions = Positions()
    for row in range(2_000):
        positions.begin(sheet="", row=row, tables=row % 2 + 1)

    with pytest.raises(UnreadableRoster):
        positions.begin(sheet="", row=2_000, tables=1)


def test_rows_are_written_as_people_write_them() -> None:
    ranges = Ranges()
    for row in (5, 17, 40, 41, 42, 42, 99):
        ranges.add(row)
    assert str(ranges) == "5, 17, 40–42, 99"

    for row in range(200, 300, 2):
        ranges.add(row)
    assert str(ranges).endswith(", … (+34)")


# --- cells --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "code", "expected"),
    [
        (0, None, CellKind.NUMBER),
        (14, None, CellKind.DATE),
        (17, None, CellKind.MONTH),
        (22, None, CellKind.DATE),
        (31, None, CellKind.DATE),
        (57, None, CellKind.MONTH),
        (49, None, CellKind.NUMBER),
        (164, "yyyy-mm-dd", CellKind.DATE),
        (164, 'yyyy"年"m"月"d"日"', CellKind.DATE),
        (164, 'yyyy"年"m"月"', CellKind.MONTH),
        (164, "[$-804]yyyy.mm;@", CellKind.MONTH),
        (164, "yyyy", CellKind.YEAR),
        (164, "m/d", CellKind.DATE),
        (164, "h:mm:ss", CellKind.NUMBER),
        (164, '#,##0.00"days"', CellKind.NUMBER),
        (164, "[Red]0", CellKind.NUMBER),
        (164, "0;[Red]yyyy", CellKind.NUMBER),
        (164, "General", CellKind.NUMBER),
        (14, "0.00", CellKind.NUMBER),
    ],
)
def test_numbers_are_dates_by_their_format(id: int, code: str | None, expected: CellKind) -> None:
    assert kind_of_format(id, {id: code} if code else {}) is expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("29251", CellKind.DATE, datetime(1980, 1, 31)),  # noqa: DTZ001
        ("29251.5", CellKind.DATE, datetime(1980, 1, 31, 12)),  # noqa: DTZ001
        ("1", CellKind.DATE, datetime(1900, 1, 1)),  # noqa: DTZ001
        ("61", CellKind.DATE, datetime(1900, 3, 1)),  # noqa: DTZ001
        ("29251", CellKind.MONTH, "1980-01"),
        ("29251", CellKind.YEAR, "1980"),
        ("13800000001", CellKind.NUMBER, 13_800_000_001),
        ("1.38E10", CellKind.NUMBER, 1.38e10),
        ("-1e308", CellKind.DATE, "-1e308"),
        ("1e309", CellKind.DATE, "1e309"),
        ("nan", CellKind.DATE, "nan"),
        ("9" * 500, CellKind.NUMBER, "9" * 500),
        ("x", CellKind.NUMBER, "x"),
    ],
)
def test_number_is_read_as_its_format_shows_it(text: str, kind: CellKind, expected: Any) -> None:
    assert number_of(text, kind, EPOCH) == expected


def test_dates_of_old_macs_begin_later() -> None:
    assert number_of("27789", CellKind.DATE, datetime(1904, 1, 1)) == datetime(1980, 1, 31)  # noqa: DTZ001


def test_escaped_characters_are_read() -> None:
    assert unescaped("王_x000D_\n芳") == "王\r\n芳"
    assert unescaped("_xD800_") == "_xD800_"
    assert unescaped("a_x_b") == "a_x_b"


@pytest.mark.parametrize("letters", ["", "1", "AAAA", "Ａ", "é", "-"])
def test_column_that_no_spreadsheet_has_is_refused(letters: str) -> None:
    with pytest.raises(UnreadableRoster):
        place_of(letters)


# --- titles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("桂花明堂村", 1),
        (" 桂花明堂村 ", 1),
        ("3.桂花明堂村(35人)", 1),
        ("12、桂花明堂村名册", 1),
        ("桂花明堂村志愿者花名册", 1),
        ("07-26-02-001-4", None),
        ("江滨社区", None),
        ("名册", None),
        ("Sheet1", None),
        ("", None),
    ],
)
def test_title_names_a_unit_or_none(title: str, found: int | None) -> None:
    """江滨社区 is the name of two."""
    units = [
        NamedUnit(1, "0001", "0726020019", ("桂花明堂村",)),
        NamedUnit(2, "0002", "0726020020", ("江滨社区",)),
        NamedUnit(3, "0003", "0726020021", ("江滨社区",)),
    ]
    only = UnitFinder(units, 4).only(title)

    assert (only.id if only else None) == found


def test_everything_that_is_told_has_its_words() -> None:
    assert set(FATES) == {fate.value for fate in SheetFate}
    assert all(str(text) for text in [*FATES.values(), *NOTES.values()])
