"""Takes the emblems of units. Each is drawn anew, so of an upload only the picture is passed on."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import Invalid, TooLarge, require
from backend.lib.pictures import NotAPicture, TooManyPixels, emblem
from backend.volunteers.acts import Acts
from backend.volunteers.models import Emblem, Unit
from backend.volunteers.rules import may_manage

MOST_BYTES = 200_000
"""Bytes of an upload, and of what is kept."""


def set_emblem(*, unit: Unit, upload: bytes, by: User, at: datetime) -> Emblem:
    """Give a unit an emblem, a PNG or JPEG; it is made to fit 512 × 512 pixels. The same again changes nothing.

    Raises NotFound unless `by` looks after the unit, TooLarge, Busy, Invalid for an upload that is no such picture.
    """
    grant = require(may_manage(by, unit, at))
    media_type, image = _drawn_anew(upload)
    digest = sha256(image).hexdigest()
    content = {"media_type": media_type, "image": image, "digest": digest, "at": at}
    with transaction.atomic():  # not before: decoding takes its turn
        same = Emblem.objects.filter(unit=unit, digest=digest, media_type=media_type).first()
        if same is not None:
            return same
        kept, _ = Emblem.objects.update_or_create(unit=unit, defaults=content)
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.EMBLEM_SET, f"unit.{unit.pk}", digest=digest)
    return kept


@transaction.atomic
def remove_emblem(*, unit: Unit, by: User, at: datetime) -> None:
    """Take a unit's emblem away; again changes nothing. Raises NotFound unless `by` looks after the unit."""
    grant = require(may_manage(by, unit, at))
    if Emblem.objects.filter(unit=unit).delete()[0]:
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.EMBLEM_REMOVED, f"unit.{unit.pk}")


def _drawn_anew(upload: bytes) -> tuple[str, bytes]:
    """Return the media type and the bytes of the picture alone."""
    if len(upload) > MOST_BYTES:
        raise TooLarge
    try:
        return emblem(upload, most_bytes=MOST_BYTES)
    except TooManyPixels as error:
        raise TooLarge from error
    except NotAPicture as error:
        raise Invalid(errors=[{"pointer": "", "detail": "must be a PNG or JPEG picture"}]) from error
