"""Writes tables for spreadsheets, CSV or XLSX, in which no cell is taken for a formula."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from backend.lib.xml import for_xml

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BLOCK = 1 << 16
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_INNER_FORMULA = re.compile(r"""([,;|\t\r\n，；]["' \u3000]*+)(?=[=+\-@＝＋－＠])""")
"""What would begin like a formula if the file was parted by another separator than it was written with."""

Lines = Iterable[Sequence[str]]


def guarded(text: str) -> str:
    """Return a cell that a spreadsheet shows as it is: what begins like a formula gets an apostrophe before it.

    So does what would begin a cell where lists are parted by semicolons, whatever was meant here: `a;=1+1`.
    """
    text = _INNER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_parts(portions: Iterable[Lines], *, quoted: bool = True) -> Iterator[bytes]:
    """Yield a CSV file, a part for each portion of lines; it begins with the mark by which Excel knows UTF-8.

    All cells are quoted, unless they are our own: then only those that have to be.
    """
    yield "\ufeff".encode()
    for lines in portions:
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(
            [[guarded(cell) for cell in line] for line in lines]
        )
        yield text.getvalue().encode()


def xlsx_parts(portions: Iterable[Lines], *, title: str, notes: Lines = ()) -> Iterator[bytes]:
    """Yield a workbook whose cells are all text; it is made in a file on disk, for it can only be sent when whole."""
    book = Workbook(write_only=True)
    for name, lines in ((title, (line for portion in portions for line in portion)), ("说明 Notes", notes)):
        if name == title or notes:
            sheet = book.create_sheet(name)
            for line in lines:
                sheet.append([_text_cell(sheet, cell) for cell in line])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block


def _text_cell(sheet: Any, text: str) -> Any:
    # Control characters, which people may have typed into a name, cannot stand in a workbook.
    cell = WriteOnlyCell(sheet, value=guarded(for_xml(text)))
    cell.data_type = "s"
    cell.number_format = "@"  # so that a number typed over it stays text
    return cell
