"""Decodes pictures that people send, one at a time, and encodes them again: all other content of the file is lost."""

import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore

from PIL import Image, ImageOps

from backend.lib.errors import Busy, Invalid

PIXELS = 512
"""Width and height that bound every stored picture of a person or unit."""
PIXELS_OF_PAPER = 1_600
"""Those of a photographed paper: the signatures of a page stay legible."""
MOST_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "PNG": 8_000_000, "WEBP": 8_000_000}
"""Limits before decoding: a small file may unfold to gigabytes. A JPEG, the format of phone cameras, is decoded at an
eighth of its size, that of a paper at a quarter or half. An MPO is a JPEG with more pictures behind it, which many
phones append. The other formats unfold whole, 4 bytes a pixel: 8 megapixels hold a screenshot of any phone."""
MOST_PROGRESSIVE = 12_000_000
"""Pixels of a progressive JPEG: its decoder keeps the coefficients of all pixels, up to 6 bytes each."""
MOST_WAITING = 8
"""Pictures in the queue for decoding; each holds a thread and a database connection meanwhile."""
_QUALITY = 85
_WRONG = (
    ArithmeticError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
)
"""Exceptions of Pillow for broken or hostile files: those of its metadata can have any type and length."""
_SCALABLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")
_decoder = ThreadPoolExecutor(1, thread_name_prefix="pictures")
"""One thread decodes for the whole process: each picture takes up to 80 MB, and the allocator keeps freed memory for
the thread that freed it."""
_room = BoundedSemaphore(MOST_WAITING)


class NotAPicture(Exception):
    """These bytes are not a picture in a supported format."""


class TooManyPixels(NotAPicture):
    """It would take too much memory to decode."""


@contextmanager
def sent_at(pointer: str) -> Iterator[None]:
    """Let a picture be decoded that a client has sent there; raises Invalid, naming the place, for what is none."""
    try:
        yield
    except NotAPicture as error:
        wrong = "This is no JPEG, PNG or WebP, or it has too many pixels."
        raise Invalid(errors=[{"pointer": pointer, "detail": wrong}]) from error


def portrait(raw: bytes) -> bytes:
    """Return a JPEG, PNG or WebP as a JPEG of at most 512 × 512 pixels, upright and without metadata.

    Raises NotAPicture, or Busy while eight others wait to be decoded.
    """
    _, picture = _in_turn(raw, ("JPEG", "PNG", "WEBP"), "RGB")
    return _written(picture, "JPEG")


def paper(raw: bytes) -> bytes:
    """Return a photographed paper as a JPEG of at most 1,600 × 1,600 pixels, upright and without metadata.

    Raises as `portrait` does.
    """
    _, picture = _in_turn(raw, ("JPEG", "PNG", "WEBP"), "RGB", PIXELS_OF_PAPER)
    return _written(picture, "JPEG")


def emblem(raw: bytes, *, most_bytes: int) -> tuple[str, bytes]:
    """Return the media type and bytes of a JPEG or PNG that is made to fit 512 × 512 pixels, without metadata.

    A PNG stays one while it takes no more than `most_bytes`; else it becomes a JPEG on white. Raises NotAPicture, or
    Busy while eight others wait to be decoded.
    """
    format, picture = _in_turn(raw, ("JPEG", "PNG"), "RGBA")
    if format == "PNG" and len(drawn := _written(picture, "PNG")) <= most_bytes:
        return "image/png", drawn
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    return "image/jpeg", _written(flat, "JPEG")


def _in_turn(
    raw: bytes, formats: tuple[str, ...], mode: str, pixels: int = PIXELS
) -> tuple[str, Image.Image]:
    """Decode in the one thread for it, or raise Busy when enough others wait for that."""
    if not _room.acquire(blocking=False):
        raise Busy
    try:
        return _decoder.submit(_decoded, raw, formats, mode, pixels).result()
    finally:
        _room.release()


def _decoded(raw: bytes, formats: tuple[str, ...], mode: str, pixels: int) -> tuple[str, Image.Image]:
    """Return the format of a picture, and its pixels alone, upright and small."""
    try:
        image: Image.Image = Image.open(BytesIO(raw), formats=formats)
        format = str(image.format)
        _refuse_large(image, format)
        image.draft("RGB", (pixels, pixels))
        if image.mode not in _SCALABLE:
            image = image.convert(mode)
        image.thumbnail((pixels, pixels))  # before all that copies: a large picture is in memory once
        image = ImageOps.exif_transpose(image).convert(mode)
    except Image.DecompressionBombError as error:
        raise TooManyPixels(str(error)) from error
    except _WRONG as error:
        raise NotAPicture(str(error)) from error
    plain = Image.new(mode, image.size)
    plain.paste(image)
    return format, plain


def _refuse_large(image: Image.Image, format: str) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS[format] or (image.info.get("progressive") and pixels > MOST_PROGRESSIVE):
        raise TooManyPixels(f"{pixels} pixels")


def _written(picture: Image.Image, format: str) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format, quality=_QUALITY, optimize=True)
    return buffer.getvalue()
