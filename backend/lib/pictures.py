"""Decodes pictures that people send, and writes them anew: what else was in the file is gone."""

import struct
import warnings
from io import BytesIO

from PIL import Image, ImageOps

PIXELS = 512
MOST_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
"""Before decoding: a small file may unfold to gigabytes. A JPEG, what phones take, is decoded at an eighth of its
size; an MPO is a JPEG with more pictures behind it, which many phones add."""
_QUALITY = 85
_WRONG = (
    ArithmeticError,
    Image.DecompressionBombError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
)
"""What Pillow raises at files that are broken or made to harm: those of its metadata have any type and length."""


class NotAPicture(Exception):
    """These bytes are no JPEG, PNG or WebP, or it has too many pixels."""


def portrait(raw: bytes) -> bytes:
    """Return a picture as a JPEG of at most 512 × 512 pixels, upright and without metadata. Raises NotAPicture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image: Image.Image = Image.open(BytesIO(raw), formats=("JPEG", "PNG", "WEBP"))
            if image.width * image.height > MOST_PIXELS[str(image.format)]:
                raise NotAPicture("too many pixels")
            image.draft("RGB", (PIXELS, PIXELS))
            image = ImageOps.exif_transpose(image).convert("RGB")
    except _WRONG as error:
        raise NotAPicture(str(error)) from error
    image.thumbnail((PIXELS, PIXELS))
    plain = Image.new("RGB", image.size)
    plain.paste(image)
    written = BytesIO()
    plain.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()
