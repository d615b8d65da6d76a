"""Hands numbers to units in blocks, for days when people are registered without a network."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import SENT_BEFORE, NotFound, Refusal, require
from backend.lib.names import same_name
from backend.numbers.acts import Acts
from backend.numbers.locks import blocks_to_lock
from backend.numbers.models import NumberBlock
from backend.numbers.services.number_bounds import require_spare
from backend.volunteers.grants import Grant
from backend.volunteers.models import (
    NumberAlias,
    NumberCounter,
    Series,
    Unit,
    Volunteer,
    series_of,
)
from backend.volunteers.rules import may_manage
from backend.volunteers.services.finding import finding
from backend.volunteers.services.numbers import lock_counter, take_numbers
from backend.volunteers.services.people import add_volunteer

MOST_A_DAY = 10
DAY = timedelta(days=1)


class BlockIdTaken(Refusal):
    """There is another block of numbers with this id; make a new one."""

    slug = "block-id-taken"
    text = SENT_BEFORE


class TooManyBlocks(Refusal):
    """A unit may take 10 blocks of numbers a day, and so may a person."""

    slug = "too-many-blocks"
    text = _("A unit may take 10 blocks of numbers a day, and so may a person.")


class NumberNotYours(Refusal):
    """This number is in no open block of this unit or of one above it."""

    slug = "number-not-yours"
    field = "number"
    text = _("This number is in no open block of this unit.")


class NumberTaken(Refusal):
    """Another person has this number already."""

    slug = "number-taken"
    field = "number"
    text = _("Another person has this number already.")


@transaction.atomic
def issue_block(*, block_id: UUID, unit: Unit, size: int, by: User, at: datetime) -> NumberBlock:
    """Set `size` numbers aside for a unit. Locks the counter, so blocks and single numbers never meet.

    The same id for the same unit and size is a retry and returns the first block. Raises NotFound for a unit that `by`
    does not manage, BlockIdTaken, TooManyBlocks, TooManyNumbers, NumbersExhausted.
    """
    grant = require(may_manage(by, unit, at))
    counter = lock_counter(Series.LIFE)
    block = NumberBlock.objects.filter(pk=block_id).first()
    if block is not None:
        require((block.unit_id, block.size) == (unit.pk, size), BlockIdTaken)
        return block
    # What is returned is void for ever: a leader who took and returned all day would use up the force's numbers.
    today = NumberBlock.objects.filter(made_at__gt=at - DAY)
    require(today.filter(unit=unit).count() < MOST_A_DAY, TooManyBlocks)
    require(today.filter(made_by=by).count() < MOST_A_DAY, TooManyBlocks)
    require_spare(unit, size, at=at)
    first = counter.used
    take_numbers(counter, size)
    block = NumberBlock.objects.create(
        pk=block_id,
        unit=unit,
        first_index=first,
        indexes=counter.used - first,
        size=size,
        made_by=by,
        made_at=at,
    )
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.NUMBER_BLOCK_ISSUED, f"number_block.{block.pk}", unit=unit.number, size=size)
    return block


@transaction.atomic
def return_block(*, block_id: UUID, unit: Unit, by: User, at: datetime) -> NumberBlock:
    """Take a block back: its numbers that no person got are void. Locks the block; a repetition changes nothing."""
    grant = require(may_manage(by, unit, at))
    block = blocks_to_lock().filter(pk=block_id, unit=unit).first()
    if block is None:
        raise NotFound
    if block.returned_at is None:
        block.save(update_fields=block.take_back(at=at))
        unused = block.size - block.used
        with acting(by=by, at=at, grant=grant) as act:
            act.record(
                Acts.NUMBER_BLOCK_RETURNED, f"number_block.{block.pk}", unit=unit.number, unused=unused
            )
    return block


def register_from_block(
    *,
    number: int,
    unit: Unit,
    name: str,
    phone: str = "",
    shared_phone: bool = False,
    born_on: date | None = None,
    by: User,
    at: datetime,
) -> Volunteer:
    """Register a person under the number that they got without a network, as a member of `unit`.

    The number has to be in an open block of the unit or of one above it; the block is locked. The same number and name
    for the same unit again is a retry and returns the person. Raises NotFound for a unit that `by` does not manage,
    NumberNotYours, NumberTaken, PhoneTaken, PhoneFull, TooManyFound.
    """
    grant = require(may_manage(by, unit, at))
    with finding(phone, how="registration", by=by, at=at):
        return _register(number, unit, name, phone, shared_phone, born_on, grant, by, at)


@transaction.atomic
def _register(
    number: int,
    unit: Unit,
    name: str,
    phone: str,
    shared_phone: bool,
    born_on: date | None,
    grant: Grant,
    by: User,
    at: datetime,
) -> Volunteer:
    block = _block_with(number, unit)
    holder = Volunteer.objects.filter(number=number).first()
    if holder and same_name(holder.name, name) and holder.memberships.filter(unit=unit).exists():
        return holder
    require(holder is None and not NumberAlias.objects.filter(number=number).exists(), NumberTaken)
    require(block.returned_at is None, NumberNotYours)
    block.used += 1
    block.save(update_fields=["used"])
    with acting(by=by, at=at, grant=grant) as act:
        return add_volunteer(
            name=name,
            phone=phone,
            shared_phone=shared_phone,
            born_on=born_on,
            units=[unit],
            number=number,
            act=act,
        )


def _block_with(number: int, unit: Unit) -> NumberBlock:
    """Return the block of the unit or of one above it that holds a number, locked."""
    counter = NumberCounter.objects.filter(pk=Series.LIFE.value).first()
    if counter is None or series_of(number) != Series.LIFE:
        raise NumberNotYours
    index = counter.index_of(number)
    block = (
        blocks_to_lock()
        .select_related("unit")
        .filter(first_index__lte=index)
        .order_by("-first_index")
        .first()
    )
    if block is None or not block.holds(index) or block.unit.path not in unit.line:
        raise NumberNotYours
    return block


def lock_blocks(unit: Unit) -> None:
    """Lock the blocks of a unit, before the unit, as registering from one does."""
    list(blocks_to_lock().filter(unit=unit).order_by("pk").values_list("pk"))


def hand_over(unit: Unit, successor: Unit) -> None:
    """Give the blocks of a unit that ends to its successor."""
    NumberBlock.objects.filter(unit=unit).update(unit=successor)
