"""Slips of paper with invitations, in both languages, ten on a sheet."""

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from backend.joining.schemas import InvitationMade
from backend.lib.pdf import draw_block, draw_qr, draw_text, sheet_of


def slips_pdf(invitations: Sequence[InvitationMade], *, address: str) -> bytes:
    """Return the sheets; `address` is the page where the code is typed in."""

    def draw(canvas: Canvas, slip: InvitationMade) -> None:
        number = f"{slip.number[:4]} {slip.number[4:]}"
        draw_text(canvas, "首次登录邀请码 · Invitation to sign in", 4, 47, 10, width=77)
        draw_block(canvas, slip.name, 4, 44.5, 12, width=48, height=6.5)
        draw_text(canvas, "编号 · Number", 4, 34.5, 6)
        draw_text(canvas, number, 4, 29.5, 13)
        draw_text(canvas, "邀请码 · Code", 4, 24.5, 6)
        draw_text(canvas, slip.code, 4, 19.5, 13, width=50)
        draw_text(canvas, f"有效期至 · Good until {slip.expires_at:%Y-%m-%d}", 4, 13.5, 7, width=50)
        draw_text(canvas, address, 4, 9.5, 7, width=77)
        draw_text(canvas, "仅可使用一次，请勿转交他人 · Works once; give it to nobody", 4, 5, 6.5, width=77)
        # Behind the #, so that the code stands in no log of a proxy.
        draw_qr(canvas, f"{address}#{slip.number}.{slip.code}", 56, 15, 27)

    return sheet_of(invitations, draw, title="邀请码 · Invitations")
