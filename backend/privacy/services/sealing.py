"""Seals anew, under the newest key, what was sealed under older ones."""

from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Left

from backend.lib.bulk import update_rows
from backend.lib.encryption import newest_key, seal, unseal
from backend.privacy.locks import rows_to_lock
from backend.privacy.sealed_columns import SealedColumn

BATCH = 500
PHOTOS = 20
"""Rows of one batch that hold a photo: each is up to a megabyte."""
LONGEST_ID = 17
"""Characters that hold the id of any key, and the colon after it."""


def outdated(column: SealedColumn) -> int:
    """Return how many rows of a column an older key seals."""
    return int(_outdated(column).count())


def reseal(column: SealedColumn) -> Iterator[int]:
    """Seal a column anew, batch by batch, and yield how many rows each took.

    Each batch commits by itself, so that an interrupted run goes on where it was. Locks the rows of the batch. Raises
    KeyMissing when a key is not there.
    """
    last = None
    while True:
        last, count = _reseal_batch(column, last)
        if not count:
            return
        yield count


def keys_in_use(columns: list[SealedColumn]) -> Counter[str]:
    """Return how many rows each key seals; a key of the settings that seals none stands there with 0."""
    used = Counter(dict.fromkeys(settings.FIELD_KEYS, 0))
    for column in columns:
        ids = column.rows.values_list(Left(column.field, LONGEST_ID), flat=True)
        for sealed in ids.iterator(chunk_size=5_000):
            used[sealed.partition(":")[0]] += 1
    return used


@transaction.atomic
def _reseal_batch(column: SealedColumn, after: object) -> tuple[object, int]:
    rows = rows_to_lock(_outdated(column)).order_by("pk")
    most = PHOTOS if column.kind == "photo" else BATCH
    batch = list((rows if after is None else rows.filter(pk__gt=after))[:most])
    for row in batch:
        text = unseal(getattr(row, column.field), column.kind)
        setattr(row, column.field, seal(text, column.kind))
    update_rows(batch, [column.field])
    return (batch[-1].pk if batch else after), len(batch)


def _outdated(column: SealedColumn) -> QuerySet[Model]:
    rows: QuerySet[Model] = column.rows.exclude(**{f"{column.field}__startswith": f"{newest_key()}:"})
    return rows
