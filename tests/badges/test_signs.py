"""The signs of a unit: what stands on them, on pages of which size, and who may print them."""

import re
import zlib
from base64 import a85decode
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.badges.models import Paper, SignKind
from backend.badges.sign_sheet import NUMBER, SIZES, TITLES, Sign, sign_of, signs_pdf
from backend.lib.pdf import POINT_MM
from backend.volunteers.models import Emblem, Unit
from backend.volunteers.number_scheme import format_unit_number
from tests.conftest import Formation
from tests.console.test_my_data import signed_in

A4 = (210, 297)
EVERY = [(kind, paper) for kind in SignKind for paper in Paper]


def sizes_of(pdf: bytes) -> list[tuple[int, int]]:
    """Return the width and height of each page in millimetres."""
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    return [(round(float(width) * POINT_MM), round(float(height) * POINT_MM)) for width, height in boxes]


def contents_of(pdf: bytes) -> list[bytes]:
    """Return what is drawn on each page."""
    streams = re.findall(rb"/ASCII85Decode /FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    decoded = [zlib.decompress(a85decode(b"<~" + stream.strip(), adobe=True)) for stream in streams]
    return [content for content in decoded if b" Tf " in content]


def text_of(content: bytes) -> str:
    """Return the text of a page, run by run: the first font has Latin letters, the other is written in UTF-16."""
    found, is_wide = [], False
    for font, written in re.findall(rb"/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", content, re.DOTALL):
        if font:
            is_wide = font != b"1"
        else:
            plain = re.sub(rb"\\([0-7]{3}|.)", _unescaped, written, flags=re.DOTALL)
            found.append(plain.decode("utf-16-be" if is_wide else "latin-1"))
    return "".join(found)


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    return (
        bytes([int(sign, 8)]) if len(sign) == 3 else {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(sign, sign)
    )


def drawn(unit: Unit, kind: SignKind, paper: Paper, copies: int = 1) -> bytes:
    return signs_pdf(
        sign_of(unit, kind, address="https://muster.example/units/1/"), kind, paper, copies=copies
    )


@pytest.mark.parametrize(("kind", "paper"), EVERY)
def test_a_sign_says_in_both_languages_what_it_is_and_whose(
    formation: Formation, kind: SignKind, paper: Paper
) -> None:
    unit = formation.brigade
    unit.brand_name = "平安浦阳"

    (content,) = contents_of(drawn(unit, kind, paper))

    text = text_of(content)
    for said in (
        TITLES[kind],
        NUMBER,
        "浦阳街道",
        "大队",
        "Brigade",
        "平安浦阳",
        format_unit_number(unit.number),
    ):
        assert said.replace(" ", "") in text.replace(" ", ""), said


@pytest.mark.parametrize(("kind", "paper"), EVERY)
def test_a_roll_has_pages_of_the_signs_own_size_and_sheets_are_a4(
    formation: Formation, kind: SignKind, paper: Paper
) -> None:
    sizes = sizes_of(drawn(formation.brigade, kind, paper, copies=3))

    if paper == Paper.ROLL:
        assert sizes == [SIZES[kind, paper]] * 3
    else:
        assert {tuple(sorted(size)) for size in sizes} == {A4}
        width, height = SIZES[kind, paper]
        assert all(width <= page[0] and height <= page[1] for page in sizes)


@pytest.mark.parametrize(
    ("kind", "copies", "pages"),
    [
        (SignKind.ARM_BAND, 3, 1),
        (SignKind.ARM_BAND, 4, 2),
        (SignKind.DOOR_PLATE, 2, 1),
        (SignKind.VEST, 2, 2),
    ],
)
def test_as_many_as_fit_stand_on_a_sheet(
    formation: Formation, kind: SignKind, copies: int, pages: int
) -> None:
    pdf = drawn(formation.brigade, kind, Paper.A4, copies)

    assert len(sizes_of(pdf)) == pages
    assert sum(content.count(b" Tj") for content in contents_of(pdf)) == copies * contents_of(
        drawn(formation.brigade, kind, Paper.A4)
    )[0].count(b" Tj")


def emblem(unit: Unit, colour: str = "red") -> bytes:
    written = BytesIO()
    Image.new("RGBA", (16, 16), colour).save(written, "PNG")
    kept = {"media_type": "image/png", "image": written.getvalue(), "digest": "0" * 64}
    Emblem.objects.create(unit=unit, at=datetime.now(UTC), **kept)
    return written.getvalue()


def test_the_emblem_is_the_units_own_or_that_of_the_nearest_unit_above(formation: Formation) -> None:
    def of(unit: Unit) -> bytes:
        return sign_of(unit, SignKind.VEST, address="x").emblem

    assert of(formation.squadron_a) == b""
    assert b"/Subtype /Image" not in drawn(formation.squadron_a, SignKind.VEST, Paper.ROLL)
    above = emblem(formation.corps)
    assert of(formation.squadron_a) == above
    own = emblem(formation.squadron_a, "blue")
    assert (of(formation.squadron_a), of(formation.squadron_b)) == (own, above)
    assert b"/Subtype /Image" in drawn(formation.squadron_a, SignKind.VEST, Paper.ROLL)


def test_long_names_stay_beside_the_code(formation: Formation) -> None:
    name = "浙江省金华市浦江县浦南街道文溪社区义务巡逻与应急救援志愿服务中队" * 3
    sign = Sign(
        "志愿者 · Volunteer", name, "中队 · Squadron", name, "07-26-01-001-4", "https://x/" + "y" * 90, b""
    )

    for kind, paper in EVERY:
        width = SIZES[kind, paper][0] / POINT_MM
        (content,) = contents_of(signs_pdf(sign, kind, paper, copies=1))
        places = [float(x) for x in re.findall(rb"1 0 0 1 ([\d.]+) [\d.]+ Tm", content)]
        assert places
        assert max(places) < width * 0.98


def test_over_rest_and_on_the_page(
    formation: Formation,
    leader: User,
    stranger: User,
    volunteer: User,
    client_of: Callable[[User], APIClient],
) -> None:
    unit = formation.squadron_a
    address = f"/api/v1/units/{unit.number}/signs.pdf"
    client, page = client_of(leader), signed_in(leader)

    answered = client.get(address, {"kind": "door_plate", "paper": "roll", "copies": "2"})
    shown = page.get(f"/badges/{unit.number}/").content.decode()
    printed = page.get(f"/badges/{unit.number}/signs.pdf", {"kind": "vest", "paper": "a4", "copies": "1"})

    assert (answered.status_code, answered["Content-Type"]) == (200, "application/pdf")
    assert sizes_of(answered.content) == [(400, 300)] * 2
    assert f'action="/badges/{unit.number}/signs.pdf"' in shown
    assert f'filename="vest-{unit.number}.pdf"' in printed["Content-Disposition"]
    assert "文溪社区" in text_of(contents_of(printed.content)[0])
    for query in ({}, {"kind": "hat"}, {"kind": "vest", "copies": "51"}, {"kind": "vest", "copies": "0"}):
        assert client.get(address, query).status_code == 422
        assert page.get(f"/badges/{unit.number}/signs.pdf", query).status_code == 400
    assert client.get(address, {"kind": "vest", "colour": "red"}).status_code == 422
    for other in (stranger, volunteer):
        assert client_of(other).get(address, {"kind": "vest"}).status_code == 404
        assert signed_in(other).get(f"/badges/{unit.number}/signs.pdf?kind=vest").status_code == 404
