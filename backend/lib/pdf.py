"""Draws PDF sheets: text in Chinese and English, QR codes, a grid of cards with cutting lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import groupby
from typing import TypeVar

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

CHINESE, LATIN = "STSong-Light", "Helvetica"
"""Neither font is embedded. PDF readers bring the second one, and where Chinese is read also the first. Latin letters
in the first font would stand too close in most readers, and be missing in readers without Chinese."""
pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
LEAST_SIZE, LEADING = 5.0, 1.15
POINT_MM = 25.4 / 72
CARD = (85.6 * mm, 54 * mm)
"""Width and height of a bank card (ISO/IEC 7810 ID-1)."""
COLUMNS, ROWS = 2, 5

Drawn = TypeVar("Drawn")


def new_canvas(written: BytesIO, size: tuple[float, float], title: str) -> Canvas:
    """Return a canvas for pages of a size in points."""
    canvas = Canvas(written, pagesize=size, pageCompression=1)
    canvas.setTitle(title)
    return canvas


def sheet_of(items: Sequence[Drawn], draw: Callable[[Canvas, Drawn], None], *, title: str) -> bytes:
    """Return A4 pages with ten cards each; `draw` gets the lower left corner of its card as the origin."""
    written = BytesIO()
    canvas = new_canvas(written, A4, title)
    left, top = (A4[0] - COLUMNS * CARD[0]) / 2, A4[1] - (A4[1] - ROWS * CARD[1]) / 2
    for index, item in enumerate(items):
        place = index % (COLUMNS * ROWS)
        if index and place == 0:
            canvas.showPage()
        canvas.saveState()
        canvas.translate(left + place % COLUMNS * CARD[0], top - (place // COLUMNS + 1) * CARD[1])
        draw(canvas, item)
        canvas.setLineWidth(0.3)
        canvas.setDash(2, 2)
        canvas.setStrokeGray(0.6)
        canvas.rect(0, 0, *CARD)
        canvas.restoreState()
    canvas.save()
    return written.getvalue()


def draw_text(canvas: Canvas, text: str, x: float, y: float, size: float, *, width: float = 0) -> None:
    """Draw a line of text at a place in millimetres, smaller if it would be wider than `width`."""
    if width and (taken := _width_of(text, size)) > width:
        size *= width / taken
    place = x * mm
    for font, run in _runs(text):
        canvas.setFont(font, size)
        canvas.drawString(place, y * mm, run)
        place += pdfmetrics.stringWidth(run, font, size)


def draw_block(
    canvas: Canvas, text: str, x: float, top: float, size: float, *, width: float, height: float
) -> None:
    """Draw a text into a box in millimetres, broken into lines, and smaller if needed."""
    size, lines = fitted(text, size, width=width, height=height)
    for n, line in enumerate(lines):
        draw_text(canvas, line, x, top - (1 + n * LEADING) * size * POINT_MM, size)


def fitted(text: str, size: float, *, width: float, height: float) -> tuple[float, list[str]]:
    """Return the lines of a text, and their size in points, so that they fit a box in millimetres.

    Below the smallest legible size the text is cut instead.
    """
    while (lines := _broken(text, size, width)) and len(lines) > (most := _lines_in(height, size)):
        if size <= LEAST_SIZE:
            return size, [*lines[: most - 1], _cut(lines[most - 1], size, width)]
        size = max(LEAST_SIZE, size - 0.5)
    return size, lines


def _cut(line: str, size: float, width: float) -> str:
    while _width_of(f"{line}…", size) > width:
        line = line[:-1]
    return f"{line}…"


def _lines_in(height: float, size: float) -> int:
    return max(1, 1 + int((height / (size * POINT_MM) - 1) / LEADING))


def _broken(text: str, size: float, width: float) -> list[str]:
    lines = [""]
    for word in re.findall(r"[!-,.-\u024f]+[ -]?|.", text):
        for piece in [word] if _width_of(word, size) <= width else word:
            if lines[-1] and _width_of(lines[-1] + piece.rstrip(), size) > width:
                lines.append("")
            lines[-1] += piece
    return [line.rstrip() for line in lines]


def _width_of(text: str, size: float) -> float:
    """Return the width of a line in millimetres."""
    return sum(pdfmetrics.stringWidth(run, font, size) for font, run in _runs(text)) * POINT_MM


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """Return the parts of a text, each with a font that has its characters."""
    for is_latin, run in groupby(text, key=lambda character: character <= "\xff"):
        yield LATIN if is_latin else CHINESE, "".join(run)


def draw_qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    """Draw a QR code with its quiet zone at a place in millimetres, `size` wide."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    module = size * mm / len(rows)
    canvas.setFillGray(0)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                bottom = y * mm + (len(rows) - down - 1) * module
                canvas.rect(x * mm + across * module, bottom, module * 1.02, module * 1.02, stroke=0, fill=1)


def qr_svg(text: str) -> str:
    """Return a QR code as an SVG that fills its container."""
    drawn = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", xmldecl=False, omitsize=True, border=4, light="#fff")
    return drawn.getvalue().decode()
