"""Files that are rosters, files that are not, and files that were made to hurt."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from openpyxl import Workbook, load_workbook

from backend.rosters.reading import workbooks
from backend.rosters.reading.apart import reading_apart
from backend.rosters.reading.cells import CellKind, number_of
from backend.rosters.reading.columns import HEADINGS, Column, Heading, letters, plain, read_heading
from backend.rosters.reading.events import Event, Noted, PersonFound, TablesFound
from backend.rosters.reading.files import look_at
from backend.rosters.reading.identity_cards import read_id_card
from backend.rosters.reading.people import Person, RowReader, Surroundings
from backend.rosters.reading.refusals import REASONS, RowRejected, UnreadableRoster
from backend.rosters.reading.template import template_parts
from tests.rosters.files import csv_file, id_card, xlsx_file

LINES = [["姓名", "手机"], ["王大妈", "13800000001"], ["李强", "13800000002"]]


def read(path: Path) -> list[Event]:
    """Read a file as an import does: looked at here, and read in a process apart."""
    found = look_at(path)
    with reading_apart(path, found.format, found.encoding) as events:
        return list(events)


def heading_of(path: Path) -> Heading:
    (tables,) = [event for event in read(path) if isinstance(event, TablesFound)]
    (heading,) = tables.headings
    return heading


def rows_of(path: Path) -> list[tuple[int, list[Any]]]:
    return [(event.row, list(event.cells[:2])) for event in read(path) if isinstance(event, PersonFound)]


def reading(*headings: str) -> RowReader:
    heading = read_heading(1, headings)
    assert heading
    units = {"A": 7}
    around = Surroundings(1, units.__getitem__, {"急救": 3, "patrol": 4}, date(2026, 11, 25))
    return RowReader(heading, around)


def rejection(headings: str, *cells: Any) -> str:
    with pytest.raises(RowRejected) as rejected:
        reading(*headings.split()).read(2, cells)
    assert rejected.value.code in REASONS
    return f"{rejected.value.column}: {rejected.value.code}"


# --- formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    assert rows_of(csv_file(tmp_path, LINES, encoding=encoding)) == [(2, LINES[1]), (3, LINES[2])]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "；", "，"])
def test_csv_is_read_whatever_parts_its_cells(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("\n".join(delimiter.join(line) for line in LINES))

    assert rows_of(path) == [(2, LINES[1]), (3, LINES[2])]


def test_gb18030_is_found_though_the_first_megabyte_is_ascii(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(
        b"name,phone\n" + b"Zhang,13800000001\n" * 60_000 + "王大妈,13800000002\n".encode("gb18030")
    )

    assert rows_of(path)[-1][1] == ["王大妈", "13800000002"]


def test_workbook_is_read_with_its_title_and_blank_rows(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, [["2026 年名册"], [], *LINES[:2], [], LINES[2]])

    assert rows_of(path) == [(4, LINES[1]), (6, LINES[2])]


CELLS = some.one_of(
    some.none(),
    some.text(some.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=30),
    some.integers(-(10**14), 10**14),
    some.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 6)),
    some.booleans(),
    some.datetimes(datetime(1900, 3, 1), datetime(2199, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
)


@settings(max_examples=40)
@given(some.lists(some.lists(CELLS, max_size=6), max_size=12))
def test_workbook_is_read_as_another_library_reads_it(lines: list[list[Any]]) -> None:
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    for line in lines:
        book.active.append(line)
    book.save(file)
    (sheet,) = load_workbook(file, data_only=True).worksheets
    expected = {
        number: [cell for cell in line if cell not in (None, "")]
        for number, line in enumerate(sheet.iter_rows(values_only=True), start=1)
    }

    opened = workbooks.Workbook(file)
    found = {row.number: row.cells for row in opened.rows(opened.sheets[0], 101)}

    assert {number: [cell for cell in cells if cell is not None] for number, cells in found.items()} == {
        number: cells for number, cells in expected.items() if cells
    }


def test_contents_decide_and_not_the_name(tmp_path: Path) -> None:
    as_csv = xlsx_file(tmp_path, LINES, name="roster.csv")
    as_xlsx = csv_file(tmp_path, LINES, name="roster.xlsx")

    assert rows_of(as_csv) == rows_of(as_xlsx) == [(2, LINES[1]), (3, LINES[2])]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04 and nothing more",
        b"\xff\xfe\xff",
        "电话,单位\n1,2\n".encode(),
        b"\x81\xff\x81\xff",
        b"name," + b"x" * 300_000,
        b'name,phone\n"' + b"never closed\n" * 20_000,
    ],
    ids=["empty", "xls", "png", "zip", "utf-16", "headings", "binary", "line", "quote"],
)
def test_what_is_no_roster_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(content)

    with pytest.raises(UnreadableRoster):
        rows_of(path)


def test_twenty_thousand_columns_are_refused(tmp_path: Path) -> None:
    wide = ["姓名", "手机", *[f"c{n}" for n in range(15_000)]]

    for path in (csv_file(tmp_path, [wide + ["x"] * 5_000]), xlsx_file(tmp_path, [wide])):
        with pytest.raises(UnreadableRoster, match="columns"):
            read(path)


# --- hostile workbooks --------------------------------------------------------------------------------------------


def rewritten(path: Path, part: str, content: bytes | None = None, **more: Any) -> Path:
    """Replace a part of a workbook, or let its sheet begin with something else."""
    target = path.with_name("hostile.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part and content is not None else old.read(name))
        for name, extra in more.items():
            new.writestr(name, extra)
    return target


SHEET = "xl/worksheets/sheet1.xml"
_OPEN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_CLOSE = b"</sheetData></worksheet>"
_ROW = '<row><c t="inlineStr"><is><t>姓名</t></is></c></row>'.encode()


def hostile(folder: Path, sheet: bytes) -> Path:
    return rewritten(xlsx_file(folder, LINES), SHEET, sheet)


def test_own_sheet_is_read(tmp_path: Path) -> None:
    """The hostile sheets below are refused for what is wrong with them, not for their form."""
    assert heading_of(hostile(tmp_path, _OPEN + _ROW * 3 + _CLOSE)).row == 1


@pytest.mark.parametrize(
    "declared",
    [b'<!DOCTYPE x [<!ENTITY a "b">]>', b'<!DOCTYPE x SYSTEM "file:///etc/passwd">', b" " * 70_000],
    ids=["entity", "external", "prologue"],
)
def test_declarations_of_entities_are_refused(tmp_path: Path, declared: bytes) -> None:
    with pytest.raises(UnreadableRoster):
        read(hostile(tmp_path, declared + _OPEN + _ROW * 3 + _CLOSE))


def test_cell_without_end_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    endless = b'<row><c t="inlineStr"><is><t>' + b"a" * 50_000_000 + b"</t></is></c></row>"

    with pytest.raises(UnreadableRoster):
        rows_of(hostile(tmp_path, _OPEN + _ROW + endless + _CLOSE))


def test_row_numbers_out_of_this_world_end_the_sheet(tmp_path: Path) -> None:
    far = b'<row r="4000000000"><c r="A4000000000" t="inlineStr"><is><t>x</t></is></c></row>'

    assert rows_of(hostile(tmp_path, _OPEN + _ROW + far + _CLOSE)) == []


def test_bomb_is_refused_by_what_it_says_it_unpacks_to(tmp_path: Path) -> None:
    bomb = rewritten(xlsx_file(tmp_path, LINES), "xl/styles.xml", b" " * 10_000_000)

    with pytest.raises(UnreadableRoster, match="too large"):
        read(bomb)


def test_pictures_beside_people_are_not_unpacked(tmp_path: Path) -> None:
    """A roster with a photo in each row has many parts, and large ones."""
    photos = {f"xl/media/image{n}.jpeg": b"\0" * (10_000_000 if n == 1 else 10) for n in range(600)}

    assert rows_of(rewritten(xlsx_file(tmp_path, LINES), "", **photos)) == [(2, LINES[1]), (3, LINES[2])]


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    parts = {f"xl/{n}.bin": b"" for n in range(workbooks.MAX_PARTS)}

    with pytest.raises(UnreadableRoster):
        read(rewritten(xlsx_file(tmp_path, LINES), "", **parts))


def test_damaged_bytes_are_refused_wherever_they_are(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, [*LINES, *[["王大妈", f"139{n:08d}"] for n in range(300)]])
    whole = path.read_bytes()

    for place in range(40, len(whole) - 200, len(whole) // 25):
        path.write_bytes(
            whole[:place] + bytes(255 - byte for byte in whole[place : place + 20]) + whole[place + 20 :]
        )
        try:
            rows_of(path)
        except UnreadableRoster:
            continue  # some parts are not read at all, and some bytes are only names


def test_broken_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRoster):
        rows_of(hostile(tmp_path, _OPEN + _ROW * 2 + b"<row><c"))


# --- headings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heading", [heading for headings in HEADINGS.values() for heading in headings])
def test_each_heading_is_known_in_every_dress(heading: str) -> None:
    (column,) = [column for column, headings in HEADINGS.items() if heading in headings]
    dressed = [heading, f" {heading.upper()} ", f"*{heading}（必填）", heading.replace(" ", "_")]

    for text in dressed:
        found = read_heading(1, ["姓名", text] if column != Column.NAME else [text])
        assert found is not None
        assert column in found.places


def test_unknown_and_repeated_columns_are_ignored() -> None:
    found = read_heading(3, ["备注", "电话", "姓名", "手机", None, "性别"])

    assert found is not None
    assert (found.places, found.ignored) == ({Column.PHONE: 1, Column.NAME: 2}, ["备注", "手机", "性别"])
    assert found.cell(Column.NAME, 17) == "C17"
    assert found.cell(None, 17) == "17"


def test_letters_of_columns() -> None:
    assert [letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert plain(" Ｎａｍｅ（必填） ") == "name"


# --- rows ---------------------------------------------------------------------------------------------------------


def test_row_becomes_a_person() -> None:
    reader = reading("name", "phone", "id_card", "born_on", "unit", "skills", "role")
    card = id_card()

    person = reader.read(
        5, [" 王大妈 ", "+86 138-0000-0001", card.lower(), "1980/1/31", "A", "急救、Patrol", "队员"]
    )

    assert person == Person(5, "王大妈", "13800000001", card, date(1980, 1, 31), 7, (3, 4))


def test_identity_card_gives_the_date_of_birth_and_the_unit_may_be_missing() -> None:
    person = reading("name", "idcard").read(2, ["王大妈", id_card(born="20100131")])

    assert (person.born_on, person.unit_id, person.phone) == (date(2010, 1, 31), 1, "")


@pytest.mark.parametrize(
    "cell",
    ["1980-01-31", "1980年1月31日", "19800131", "1980.1.31", date(1980, 1, 31), datetime(1980, 1, 31)],  # noqa: DTZ001
)
def test_dates_are_read_as_people_write_them(cell: Any) -> None:
    assert reading("name", "phone", "born").read(2, ["王", 13800000001.0, cell]).born_on == date(1980, 1, 31)


@pytest.mark.parametrize(
    ("days", "cell"),
    [("59", datetime(1900, 2, 28)), ("60", "60"), ("60.5", "60.5"), ("61", datetime(1900, 3, 1))],  # noqa: DTZ001
)
def test_a_day_that_never_was_is_no_date(days: str, cell: Any) -> None:
    """Spreadsheets that count from 1900 have a 29th of February there."""
    assert number_of(days, CellKind.DATE, datetime(1899, 12, 30)) == cell  # noqa: DTZ001


def test_leader_is_accepted_with_a_remark() -> None:
    assert reading("name", "phone", "职务").read(2, ["王", "13800000001", "队长"]).remarks == (
        (Column.ROLE, "post-not-given"),
    )


@pytest.mark.parametrize(
    ("headings", "cells", "expected"),
    [
        ("name phone", ["", "13800000001"], "name: name-missing"),
        ("name phone", ["王" * 81, "13800000001"], "name: name-too-long"),
        ("name phone", ["=HYPERLINK(1)", "13800000001"], "name: name-wrong"),
        ("name phone", ["王\0", "13800000001"], "name: name-wrong"),
        ("name phone", ["王" * 1_001, "13800000001"], "name: cell-too-long"),
        ("name phone", ["王", "1380000"[:5]], "phone: phone-wrong"),
        ("name phone", ["王", "１２abc"], "phone: phone-wrong"),
        ("name phone", ["王", "1.38E+10"], "phone: number-shortened"),
        ("name phone", ["王"], "phone: no-phone-or-id-card"),
        ("name idcard", ["王", "330726198001310011"], "id_card: id-card-wrong"),
        ("name idcard", ["王", 330726198001310000], "id_card: number-shortened"),
        ("name idcard", ["王", "3.30726E+17"], "id_card: number-shortened"),
        ("name idcard", ["王", id_card(place="990000")], "id_card: id-card-wrong"),
        ("name idcard", ["王", id_card(born="19800231")], "id_card: id-card-wrong"),
        ("name idcard", ["王", id_card(born="20300101")], "id_card: id-card-wrong"),
        ("name phone born", ["王", "13800000001", "soon"], "born_on: born-on-wrong"),
        ("name phone born", ["王", "13800000001", "1980-13-01"], "born_on: born-on-wrong"),
        ("name phone born", ["王", "13800000001", "1899-01-01"], "born_on: born-on-wrong"),
        ("name phone born", ["王", "13800000001", "2031-01-01"], "born_on: born-on-wrong"),
        ("name idcard born", ["王", id_card(), "1980-01-30"], "born_on: born-on-differs"),
        ("name phone number", ["王", "13800000001", "10000005"], "number: number-not-in-block"),
        ("name phone", ["王", "13800000001", *["x"] * 99], "None: too-many-cells"),
    ],
)
def test_wrong_row_is_rejected_with_its_cell(headings: str, cells: list[Any], expected: str) -> None:
    assert rejection(headings, *cells) == expected


def test_identity_card_with_a_wrong_digit_is_none() -> None:
    card = id_card()
    for place in range(17):
        wrong = card[:place] + str((int(card[place]) + 1) % 10) + card[place + 1 :]
        with pytest.raises(ValueError, match="identity card"):
            read_id_card(wrong)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_template_is_a_roster(tmp_path: Path, format: str, language: Any) -> None:
    path = tmp_path / "template"
    path.write_bytes(b"".join(template_parts(format, language)))

    heading = heading_of(path)

    assert set(heading.places) == set(Column) - {Column.NUMBER}
    assert heading.ignored == []
    assert rows_of(path) == []
    assert [event.code for event in read(path) if isinstance(event, Noted)] == ["examples"]
