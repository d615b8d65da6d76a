"""Rate limit of one person's acts, over socket, REST and pages together; it holds for each process.

Acts write rows, above all of the audit, that are kept for good. Refused acts do not count, nor do positions, receipts
and reads, which are not acts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from backend.lib.buckets import Buckets
from backend.lib.errors import Allowance, TooMany

acts = Buckets(at_once=300, per_s=2.0)
"""Acts of a person, by the key of the account."""


def count_act(user_id: int) -> None:
    """Count an act before it is done. Raises TooMany; a refused attempt does not count."""
    if wait_s := acts.take(str(user_id)):
        limit = Allowance("acts", acts.at_once, ceil(acts.at_once / acts.per_s))
        detail = "You have done very much at once; what you asked for was not done."
        raise TooMany(detail, retry_after_s=ceil(wait_s), limit=limit)


def uncount_act(user_id: int) -> None:
    """Undo the count of an act that was refused."""
    acts.give_back(str(user_id))


@contextmanager
def acting(user_id: int) -> Iterator[None]:
    """Count an act unless it is refused. Raises TooMany."""
    count_act(user_id)
    try:
        yield
    except BaseException:
        uncount_act(user_id)
        raise
