"""Rosters that were made to hurt the process that reads them, of about so many bytes unpacked."""

import io
import zipfile
from collections.abc import Callable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADING = '<row><c t="inlineStr"><is><t>姓名</t></is></c><c t="inlineStr"><is><t>手机</t></is></c></row>'
PERSON = '<row><c t="inlineStr"><is><t>王芳</t></is></c><c><v>13800000001</v></c></row>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "{}">{}]>'.format(
    "姓名" * 50, "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdef", "bcdefg", strict=True))
)

Parts = dict[str, str | bytes]


def parts(sheet: str | bytes, **changed: str | bytes) -> Parts:
    """Return the parts of a workbook with one sheet; others replace or join them."""
    return {
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>'
        '<sheet name="一" sheetId="1" r:id="rId0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            [
                ("worksheet", "worksheets/sheet1.xml"),
                ("sharedStrings", "sharedStrings.xml"),
                ("styles", "styles.xml"),
            ]
        ),
        "xl/worksheets/sheet1.xml": sheet,
        **changed,
    }


def packed(content: Parts, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a workbook."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method, compresslevel=1) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return file.getvalue()


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """Return a worksheet with a heading, one person and more."""
    begin = f'<worksheet xmlns="{MAIN}">{before}<sheetData>'
    return f"{begin}{HEADING}{PERSON}{rows}</sheetData>{after}</worksheet>"


def _relations(found: list[tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="rId{place}" Type="{RELATED}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(found)
    )
    return f"<Relationships>{each}</Relationships>"


def _filled(piece: str, size: int) -> str:
    return piece * (size // len(piece.encode()) + 1)


# --- one row, one text, one tag without end -----------------------------------------------------------------------


def comments_that_look_like_rows(size: int) -> bytes:
    """Make a row without end; every 32 KB a comment pretends that another one begins."""
    cells = "<c/>" * 8_000
    return packed(parts(sheet("<row>" + _filled(f"{cells}<!--<row-->", size) + "</row>")))


def row_of_cells(size: int) -> bytes:
    return packed(parts(sheet("<row>" + _filled("<c><v>1</v></c>", size) + "</row>")))


def rows_in_rows(size: int) -> bytes:
    return packed(parts(sheet(_filled("<row>", size))))


def cells_in_cells(size: int) -> bytes:
    return packed(parts(sheet("<row>" + _filled("<c>", size))))


def deep(size: int) -> bytes:
    return packed(parts(sheet("", before=_filled("<a>", size))))


def text_without_end(size: int) -> bytes:
    return packed(parts(sheet(f'<row><c t="str"><v>{_filled("王", size)}</v></c></row>')))


def text_in_pieces(size: int) -> bytes:
    return packed(parts(sheet(f'<row><c t="str"><v>{_filled("王<!---->", size)}</v></c></row>')))


def comment_without_end(size: int) -> bytes:
    return packed(parts(sheet(f"<!--{_filled('x', size)}-->")))


def instruction_without_end(size: int) -> bytes:
    return packed(parts(sheet(f"<?x {_filled('x', size)}?>")))


def attribute_without_end(size: int) -> bytes:
    return packed(parts(sheet(f'<row><c r="{_filled("A", size)}"/></row>')))


def attributes_without_end(size: int) -> bytes:
    names = "".join(f' a{n}=""' for n in range(size // 10))
    return packed(parts(sheet(f"<row><c{names}/></row>")))


def empty_rows(size: int) -> bytes:
    return packed(parts(sheet(_filled("<row/>", size))))


def blanks_before_anything(size: int) -> bytes:
    return packed(parts(_filled(" ", size) + sheet("")))


def numbers_of_many_digits(size: int) -> bytes:
    return packed(parts(sheet(f"<row><c><v>{_filled('9', min(size, 900_000))}</v></c></row>")))


def columns_hidden_a_million_times(size: int) -> bytes:
    hidden = _filled('<col min="1" max="9" hidden="1"/>', size)
    return packed(parts(sheet("", before=f"<cols>{hidden}</cols>")))


# --- declarations -------------------------------------------------------------------------------------------------


def laughs_in_the_sheet(size: int) -> bytes:
    return packed(parts(LAUGHS + sheet("<row><c t='str'><v>&g;</v></c></row>")))


def laughs_in_another_part(size: int) -> bytes:
    """Of a name by which nobody would look for XML."""
    whole = parts("")
    whole["xl/_rels/workbook.xml.rels"] = _relations([("worksheet", "worksheets/sheet1.bin")])
    whole["xl/worksheets/sheet1.bin"] = LAUGHS + sheet("<row><c t='str'><v>&g;</v></c></row>")
    return packed(whole)


def laughs_in_the_texts(size: int) -> bytes:
    texts = f'{LAUGHS}<sst xmlns="{MAIN}"><si><t>&g;</t></si></sst>'
    return packed(parts(sheet('<row><c t="s"><v>0</v></c></row>'), **{"xl/sharedStrings.xml": texts}))


def laughs_in_the_styles(size: int) -> bytes:
    return packed(parts(sheet(""), **{"xl/styles.xml": f"{LAUGHS}<styleSheet>&g;</styleSheet>"}))


def laughs_in_the_workbook(size: int) -> bytes:
    return packed(parts(sheet(""), **{"xl/workbook.xml": f"{LAUGHS}<workbook>&g;</workbook>"}))


def laughs_in_the_relations(size: int) -> bytes:
    return packed(parts(sheet(""), **{"_rels/.rels": f"{LAUGHS}<Relationships>&g;</Relationships>"}))


def file_of_the_server(size: int) -> bytes:
    declared = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    return packed(parts(declared + sheet('<row><c t="str"><v>&a;</v></c></row>')))


def document_type_behind_blanks(size: int) -> bytes:
    return packed(parts(_filled(" ", 70_000) + LAUGHS + sheet("")))


def declarations_in_utf16(size: int) -> bytes:
    text = '<?xml version="1.0" encoding="utf-16"?>' + LAUGHS + sheet("<row><c t='str'><v>&g;</v></c></row>")
    return packed(parts(text.encode("utf-16")))


def other_encodings(size: int) -> bytes:
    return packed(parts(('<?xml version="1.0" encoding="cp037"?>' + sheet("")).encode("cp037", "replace")))


def unknown_encoding(size: int) -> bytes:
    return packed(parts('<?xml version="1.0" encoding="rot13"?>' + sheet("")))


# --- many of something --------------------------------------------------------------------------------------------


def merges_over_everything(size: int) -> bytes:
    each = "".join(f'<mergeCell ref="A{row}:XFD1048576"/>' for row in range(1, size // 35))
    return packed(parts(sheet(PERSON * 1_000, after=f"<mergeCells>{each}</mergeCells>")))


def merges_that_overlap(size: int) -> bytes:
    """Begin one in each row, over all columns, of five hundred rows."""
    each = "".join(
        f'<mergeCell ref="A{row}:{"CV" if row % 2 else "XFD"}{row + 500}"/>'
        for row in range(1, size // 3_000)
    )
    return packed(parts(sheet(PERSON * (size // 3_000), after=f"<mergeCells>{each}</mergeCells>")))


def merges_of_nonsense(size: int) -> bytes:
    each = '<mergeCell ref="C9:A1"/><mergeCell/><mergeCell ref="A0:A0"/><mergeCell ref="A1:A9999999"/>'
    return packed(parts(sheet(PERSON * 10, after=f"<mergeCells>{each}</mergeCells>")))


def texts(size: int) -> bytes:
    """Fill the table with short texts, as many as it may have."""
    table = "".join(f"<si><t>{n:x}</t></si>" for n in range(min(23_900_000, size * 2) // 22))
    return packed(parts(sheet(PERSON), **{"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{table}</sst>'}))


def text_of_the_table_without_end(size: int) -> bytes:
    table = f"<sst><si><t>{_filled('王', min(size, 23_000_000))}</t></si></sst>"
    return packed(parts(sheet(""), **{"xl/sharedStrings.xml": table}))


def texts_that_are_not_there(size: int) -> bytes:
    return packed(parts(sheet('<row><c t="s"><v>7</v></c></row><row><c t="s"><v>-1</v></c></row>')))


def styles(size: int) -> bytes:
    each = _filled('<xf numFmtId="14"/>', 3_900_000)
    return packed(
        parts(sheet(PERSON), **{"xl/styles.xml": f"<styleSheet><cellXfs>{each}</cellXfs></styleSheet>"})
    )


def formats_of_one_megabyte(size: int) -> bytes:
    code = "y[" * 400_000
    formats = f'<numFmts><numFmt numFmtId="200" formatCode="{code}"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>'
    return packed(parts(sheet(PERSON), **{"xl/styles.xml": f"<styleSheet>{formats}</styleSheet>"}))


def sheets(size: int) -> bytes:
    """Make many sheets of merged cells."""
    count = max(45, min(400, size // 100_000))
    listed = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(count))
    merged = "".join(f'<mergeCell ref="A{n}:B{n + 3}"/>' for n in range(1, 5_000))
    whole = parts("")
    whole["xl/workbook.xml"] = f'<workbook xmlns:r="{RELATED}"><sheets>{listed}</sheets></workbook>'
    whole["xl/_rels/workbook.xml.rels"] = _relations(
        [("worksheet", f"worksheets/sheet{n}.xml") for n in range(count)]
    )
    each = sheet(PERSON * 50, after=f"<mergeCells>{merged}</mergeCells>")
    return packed(whole | {f"xl/worksheets/sheet{n}.xml": each for n in range(count)})


def headings_that_change(size: int) -> bytes:
    """One table, two tables, one table: each stretch is remembered."""
    pair = HEADING.removesuffix("</row>")
    two = pair + HEADING.removeprefix("<row>")
    return packed(parts(sheet((two + PERSON + HEADING + PERSON) * 1_200)))


def far_away(size: int) -> bytes:
    cell = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    return packed(parts(sheet(cell)))


def archive_of_many_parts(size: int) -> bytes:
    return packed(parts(sheet("")) | {f"x{n}": "" for n in range(60_000)})


def packed_otherwise(size: int) -> bytes:
    return packed(parts(sheet("")), zipfile.ZIP_LZMA)


# --- CSV ----------------------------------------------------------------------------------------------------------


def record_without_end(size: int) -> bytes:
    """Each line is short; the quotes make all of them one record."""
    return ("姓名,手机\n" + _filled('"xy\n",', size)).encode()


def quote_without_end(size: int) -> bytes:
    return ('姓名,手机\n"' + _filled("王芳,13800000001\n", size)).encode()


def line_without_end(size: int) -> bytes:
    return ("姓名,手机\n" + _filled("王", size)).encode()


def cells_without_end(size: int) -> bytes:
    return ("姓名,手机\n" + _filled("," * 150_000 + "\n", size)).encode()


def empty_lines(size: int) -> bytes:
    return ("姓名,手机\n" + _filled("\n", size)).encode()


def zeros(size: int) -> bytes:
    return ("姓名,手机\n".encode("utf-16-le")) + b"\0" * size


HOSTILE: list[Callable[[int], bytes]] = [
    made
    for name, made in list(globals().items())
    if not name.startswith("_")
    and getattr(made, "__module__", "") == __name__
    and getattr(made, "__annotations__", {}).get("size") is int
]
