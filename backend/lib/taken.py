"""Two callers who give the same new id at the same moment: the database lets one of them have it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from backend.lib.errors import Refusal


@contextmanager
def unless_taken(refusal: type[Refusal]) -> Iterator[None]:
    """Let a row be made under an id that a client has given; raises the refusal if another row got the id meanwhile."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise refusal from error
