"""The signs of a unit, in both languages: arm bands, vests, vehicle and door plates, on sheets to cut or on a roll."""

from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import override
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from backend.badges.models import Paper, SignKind
from backend.lib.pdf import POINT_MM, draw_block, draw_qr, draw_text, new_canvas
from backend.volunteers.models import Emblem, Unit, UnitKind
from backend.volunteers.number_scheme import format_unit_number

Size = tuple[float, float]
"""Width and height in millimetres."""
TITLES = {
    SignKind.ARM_BAND: "志愿执勤 · Volunteer on duty",
    SignKind.VEST: "志愿者 · Volunteer",
    SignKind.VEHICLE_PLATE: "志愿服务用车 · Volunteer vehicle",
    SignKind.DOOR_PLATE: "志愿者队伍 · Volunteer force",
}
SIZES: dict[tuple[SignKind, Paper], Size] = {
    (SignKind.ARM_BAND, Paper.A4): (190, 90),
    (SignKind.ARM_BAND, Paper.ROLL): (450, 150),
    (SignKind.VEST, Paper.A4): (277, 190),
    (SignKind.VEST, Paper.ROLL): (380, 260),
    (SignKind.VEHICLE_PLATE, Paper.A4): (277, 130),
    (SignKind.VEHICLE_PLATE, Paper.ROLL): (440, 140),
    (SignKind.DOOR_PLATE, Paper.A4): (190, 135),
    (SignKind.DOOR_PLATE, Paper.ROLL): (400, 300),
}
NUMBER = "单位编号 · Unit number"
_GREEN = HexColor("#0b6b6b")
_A4: Size = (A4[0] / mm, A4[1] / mm)


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands on a sign. `address` is what its QR code says; `emblem` is empty where the unit has none."""

    title: str
    name: str
    level: str
    brand: str
    number: str
    address: str
    emblem: bytes


def sign_of(unit: Unit, kind: SignKind, *, address: str) -> Sign:
    """Return the sign of a unit, with its emblem or that of the nearest unit above that has one; one query."""
    emblem = Emblem.objects.filter(unit__path__in=unit.line).order_by("-unit__path").first()
    return Sign(
        title=TITLES[kind],
        name=unit.display_name,
        level=_in_both_languages(UnitKind(unit.kind)),
        brand=unit.brand_name,
        number=format_unit_number(unit.number),
        address=address,
        emblem=bytes(emblem.image) if emblem else b"",
    )


def _in_both_languages(kind: UnitKind) -> str:
    texts = []
    for language in ("zh-hans", "en"):
        with override(language):
            texts.append(str(kind.label))
    return " · ".join(texts)


def signs_pdf(sign: Sign, kind: SignKind, paper: Paper, *, copies: int) -> bytes:
    """Return so many copies: on a roll each is a page of its own size, on A4 as many as fit stand on a sheet."""
    size, written = SIZES[kind, paper], BytesIO()
    page = size if paper == Paper.ROLL else _sheet_for(size)
    canvas = new_canvas(written, (page[0] * mm, page[1] * mm), sign.title)
    places = _places(page, size)
    for index in range(copies):
        if index and index % len(places) == 0:
            canvas.showPage()
        left, bottom = places[index % len(places)]
        canvas.saveState()
        canvas.translate(left * mm, bottom * mm)
        _draw(canvas, sign, size)
        if paper == Paper.A4:
            _draw_cut(canvas, size)
        canvas.restoreState()
    canvas.save()
    return written.getvalue()


def _sheet_for(size: Size) -> Size:
    """Return A4 upright or across: the way on which more signs fit."""
    across = (_A4[1], _A4[0])
    return max(_A4, across, key=lambda page: (page[0] // size[0]) * (page[1] // size[1]))


def _places(page: Size, size: Size) -> list[tuple[float, float]]:
    """Return the lower left corners of the signs on a page, row by row from the top."""
    columns, rows = int(page[0] // size[0]), int(page[1] // size[1])
    left, below = (page[0] - columns * size[0]) / 2, (page[1] - rows * size[1]) / 2
    return [
        (left + column * size[0], below + (rows - 1 - row) * size[1])
        for row in range(rows)
        for column in range(columns)
    ]


def _draw(canvas: Canvas, sign: Sign, size: Size) -> None:
    """Draw a sign into its rectangle; all measures follow from its width and height."""
    width, height = size
    band, margin = height * 0.2, min(width, height) * 0.05
    canvas.setFillColor(_GREEN)
    canvas.rect(0, (height - band) * mm, width * mm, band * mm, stroke=0, fill=1)
    canvas.setFillGray(1)
    title = band * 0.55 / POINT_MM
    draw_text(canvas, sign.title, margin, height - band * 0.7, title, width=width - 2 * margin)
    code = min(height - band - 2 * margin, width * 0.3)
    draw_qr(canvas, sign.address, width - code - margin, margin, code)
    canvas.setFillGray(0)
    top, left = height - band - margin, margin
    if sign.emblem:
        side = min(height * 0.32, width * 0.16)
        picture, corner = ImageReader(BytesIO(sign.emblem)), (left * mm, (top - side) * mm)
        canvas.drawImage(
            picture, *corner, side * mm, side * mm, mask="auto", preserveAspectRatio=True, anchor="c"
        )
        left += side + margin
    _draw_words(canvas, sign, height, left=left, top=top, width=width - code - 2 * margin - left)
    draw_text(canvas, NUMBER, margin, margin + height * 0.15, height * 0.045 / POINT_MM)
    number = height * 0.12 / POINT_MM
    draw_text(canvas, sign.number, margin, margin + height * 0.02, number, width=width - code - 3 * margin)


def _draw_words(canvas: Canvas, sign: Sign, height: float, *, left: float, top: float, width: float) -> None:
    """Draw the name of a unit, then its level and what it is known as, one below the other."""
    for text, part, most in (
        (sign.name, 0.3, 0.15),
        (sign.level, 0.09, 0.06),
        (sign.brand, 0.14, 0.065),
    ):
        if text:
            draw_block(canvas, text, left, top, height * most / POINT_MM, width=width, height=height * part)
        top -= height * part


def _draw_cut(canvas: Canvas, size: Size) -> None:
    canvas.setLineWidth(0.3)
    canvas.setDash(2, 2)
    canvas.setStrokeGray(0.6)
    canvas.rect(0, 0, size[0] * mm, size[1] * mm)
