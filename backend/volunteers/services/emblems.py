"""Takes the emblems of units, drawn anew so that nothing of what was uploaded is passed on but the picture."""

import warnings
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from django.db import transaction
from PIL import Image, UnidentifiedImageError

from backend.audit.services import record
from backend.lib.errors import Invalid, TooLarge
from backend.volunteers.models import Emblem, Unit, User
from backend.volunteers.rules import post_that_manages
from backend.volunteers.services.allowed import allowed_by

MOST_BYTES = 200_000
"""Bytes of an upload, and of what is kept."""
MOST_PIXELS = 16_000_000
"""Pixels of an upload: a small file may unfold to gigabytes."""
WIDEST_PX = 512


@transaction.atomic
def set_emblem(*, unit: Unit, upload: bytes, by: User, at: datetime) -> Emblem:
    """Give a unit an emblem, a PNG or JPEG; it is made to fit 512 × 512 pixels.

    Raises NotFound unless `by` looks after the unit, TooLarge, Invalid for what is no such picture.
    """
    post = allowed_by(post_that_manages(by, unit, at))
    media_type, image = _drawn_anew(upload)
    digest = sha256(image).hexdigest()
    content = {"media_type": media_type, "image": image, "digest": digest, "at": at}
    emblem, _ = Emblem.objects.update_or_create(unit=unit, defaults=content)
    record("emblem.set", subject=f"unit.{unit.pk}", by=by, at=at, digest=digest, post=post)
    return emblem


@transaction.atomic
def remove_emblem(*, unit: Unit, by: User, at: datetime) -> None:
    """Take a unit's emblem away; again changes nothing. Raises NotFound unless `by` looks after the unit."""
    post = allowed_by(post_that_manages(by, unit, at))
    if Emblem.objects.filter(unit=unit).delete()[0]:
        record("emblem.removed", subject=f"unit.{unit.pk}", by=by, at=at, post=post)


def _drawn_anew(upload: bytes) -> tuple[str, bytes]:
    """Return the media type and the bytes of the picture, without comments, places or colours' profiles."""
    if len(upload) > MOST_BYTES:
        raise TooLarge
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(upload), formats=["PNG", "JPEG"]) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise TooLarge
                is_png = opened.format == "PNG"
                picture = opened.convert("RGBA" if is_png else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning) as error:
        raise Invalid(errors=[{"pointer": "", "detail": "must be a PNG or JPEG picture"}]) from error
    picture.thumbnail((WIDEST_PX, WIDEST_PX))
    if is_png and len(drawn := _encoded(picture, "PNG")) <= MOST_BYTES:
        return "image/png", drawn
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A") if is_png else None)
    return "image/jpeg", _encoded(flat, "JPEG")


def _encoded(picture: Image.Image, format: str) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format=format, optimize=True)
    return buffer.getvalue()
