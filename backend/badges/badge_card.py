"""The badge as a card, in both languages: as an SVG to show, as a PDF to print, and many of them on a sheet."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from backend.badges.models import Badge
from backend.lib.pdf import (
    CARD,
    LEADING,
    POINT_MM,
    draw_block,
    draw_qr,
    draw_text,
    fitted,
    new_canvas,
    qr_svg,
    sheet_of,
)
from backend.lib.xml import for_xml
from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number

TITLE = "队员证 · Volunteer badge"
NAME = {"width": 28.0, "height": 8.0}
UNIT = {"width": 28.0, "height": 6.0}
"""How many millimetres the card leaves to them."""
SCREEN = 0.8
"""Which part of the width is used on a screen: its fonts are not known, and many are wider than those of paper."""
_GREEN = HexColor("#0b6b6b")


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on a card. `address` is what its QR code says."""

    number: str
    name: str
    unit: str
    unit_number: str
    valid_until: str
    address: str
    photo: bytes


def card_of(badge: Badge, *, address: str) -> Card:
    """Return the card of a badge, which must have its volunteer, photo and unit."""
    photo = getattr(badge.volunteer, "photo", None)
    return Card(
        number=format_volunteer_number(badge.volunteer.number),
        name=badge.volunteer.name,
        unit=badge.unit.display_name,
        unit_number=format_unit_number(badge.unit.number),
        valid_until=badge.valid_until.isoformat(),
        address=address,
        photo=bytes(photo.jpeg) if photo else b"",
    )


def card_svg(card: Card) -> str:
    """Return the card as an SVG that needs no other file."""
    photo = f"data:image/jpeg;base64,{b64encode(card.photo).decode()}" if card.photo else ""
    code = mark_safe(qr_svg(card.address))  # noqa: S308  # drawn by us: squares
    context = {
        "card": card,
        "name": _block(card.name, 42, 118, **NAME),
        "unit": _block(card.unit, 26, 200, **UNIT),
        "photo": photo,
        "code": code,
        "title": TITLE,
    }
    return render_to_string("badges/badge.svg", context)


def card_pdf(card: Card) -> bytes:
    """Return the card as a PDF of its own size."""
    written = BytesIO()
    canvas = new_canvas(written, CARD, TITLE)
    _draw(canvas, card)
    canvas.save()
    return written.getvalue()


def cards_pdf(cards: Sequence[Card]) -> bytes:
    """Return sheets of ten cards to print and cut."""
    return sheet_of(cards, _draw, title=TITLE)


def _block(text: str, size: float, top: float, *, width: float, height: float) -> dict[str, Any]:
    """Return the lines of a text with their baselines, in the tenths of a millimetre that the SVG counts by."""
    fits, lines = fitted(for_xml(text), size / 10 / POINT_MM, width=width * SCREEN, height=height)
    size = round(fits * POINT_MM * 10, 1)
    return {
        "size": size,
        "lines": [(round(top + (1 + n * LEADING) * size), line) for n, line in enumerate(lines)],
    }


def _draw(canvas: Canvas, card: Card) -> None:
    canvas.setFillColor(_GREEN)
    canvas.rect(0, 44 * mm, CARD[0], 10 * mm, stroke=0, fill=1)
    canvas.setFillGray(1)
    draw_text(canvas, TITLE, 4, 47.2, 11)
    canvas.setFillGray(0)
    if card.photo:
        picture = ImageReader(BytesIO(card.photo))
        canvas.drawImage(picture, 4 * mm, 17 * mm, 19 * mm, 25 * mm, preserveAspectRatio=True, anchor="c")
    else:
        canvas.setStrokeGray(0.6)
        canvas.rect(4 * mm, 17 * mm, 19 * mm, 25 * mm)
    draw_block(canvas, card.name, 26, 42.2, 13, **NAME)
    draw_block(canvas, card.unit, 26, 34, 8, **UNIT)
    draw_text(canvas, card.unit_number, 26, 25, 8, width=28)
    draw_text(canvas, "编号 · Number", 4, 12, 6)
    draw_text(canvas, card.number, 4, 5.5, 16, width=44)
    draw_text(canvas, "有效期至 · Valid until", 26, 21.5, 6, width=28)
    draw_text(canvas, card.valid_until, 26, 17.5, 8, width=28)
    draw_qr(canvas, card.address, 54.5, 9, 30)
    draw_text(canvas, "扫码核验 · Scan to check", 57, 5.5, 6, width=26)
