"""Issues volunteer numbers: each once, in scattered order, also to callers at the same moment."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.lib.errors import Refusal
from backend.volunteers.locks import counters_to_lock
from backend.volunteers.models import NumberCounter, Series


class NumbersExhausted(Refusal):
    """Every volunteer number has been issued."""

    slug = "numbers-exhausted"
    text = _("Every volunteer number has been issued.")


def issue_number(series: Series = Series.LIFE) -> int:
    """Return a number that no volunteer has had."""
    return issue_numbers(1, series)[0]


@transaction.atomic
def issue_numbers(count: int, series: Series = Series.LIFE) -> list[int]:
    """Return numbers that no volunteer has had. Locks the counter's row until the transaction ends.

    If the transaction is rolled back the numbers are free again; no person has seen them.
    """
    return take_numbers(lock_counter(series), count)


def lock_counter(series: Series) -> NumberCounter:
    """Return the counter of a series, locked until the transaction ends: no other process issues meanwhile."""
    return counters_to_lock().get_or_create(pk=series.value)[0]


def take_numbers(counter: NumberCounter, count: int) -> list[int]:
    """Move a locked counter on by as many indexes as `count` numbers need, and return the numbers.

    Raises NumbersExhausted.
    """
    numbers: list[int] = []
    while len(numbers) < count:
        if counter.used >= counter.span.size:
            raise NumbersExhausted
        number = counter.number_at(counter.used)
        counter.used += 1
        if number is not None:
            numbers.append(number)
    counter.save(update_fields=["used"])
    return numbers


class TooManyNumbers(Refusal):
    """More numbers lie unused here than the roster justifies, or more were given out than a month or a day allows."""

    slug = "too-many-numbers"
    text = _(
        "More numbers lie unused here than the roster justifies, or more were given out than a month or a day allows."
    )
