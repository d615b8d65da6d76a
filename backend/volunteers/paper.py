"""Draws on sheets of paper: text in Chinese and English, QR codes, a grid of cards with lines to cut along."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TypeVar

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
"""Every reader of PDF knows it: nothing has to be embedded."""
CARD = (85.6 * mm, 54 * mm)
"""Width and height of a bank card (ISO/IEC 7810 ID-1)."""
COLUMNS, ROWS = 2, 5

Drawn = TypeVar("Drawn")


def new_canvas(written: BytesIO, size: tuple[float, float], title: str) -> Canvas:
    """Return a canvas for pages of a size in points."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    canvas = Canvas(written, pagesize=size, pageCompression=1)
    canvas.setTitle(title)
    return canvas


def sheet_of(items: Sequence[Drawn], draw: Callable[[Canvas, Drawn], None], *, title: str) -> bytes:
    """Return A4 pages with ten cards each; `draw` finds the origin in the lower left corner of its card."""
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
    """Write a line at a place in millimetres, smaller if it would be wider than `width`."""
    if width:
        taken = pdfmetrics.stringWidth(text, FONT, size)
        size = max(4, size * min(1, width * mm / taken)) if taken else size
    canvas.setFont(FONT, size)
    canvas.drawString(x * mm, y * mm, text)


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
    """Return a QR code as an SVG that fills the place it is given."""
    drawn = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", xmldecl=False, omitsize=True, border=4, light="#fff")
    return drawn.getvalue().decode()
