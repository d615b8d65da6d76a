"""Reads the blocks of numbers that units have in hand."""

from collections.abc import Collection
from uuid import UUID

from backend.lib.errors import NotFound
from backend.numbers.schemas import (
    BlockNumber,
    BlockOut,
    BlockWithNumbers,
)
from backend.volunteers.models import (
    NumberAlias,
    NumberCounter,
    Series,
    Unit,
    Volunteer,
)
from backend.volunteers.number_scheme import format_volunteer_number

BLOCKS_LISTED = 100


def blocks_of(unit: Unit) -> list[BlockOut]:
    """Return the blocks that were handed to a unit, the newest first; at most 100."""
    blocks = unit.number_blocks.select_related("unit").order_by("-made_at", "-first_index")
    return [BlockOut.of(block) for block in blocks[:BLOCKS_LISTED]]


def block_with_numbers(unit: Unit, block_id: UUID) -> BlockWithNumbers:
    """Return a block of the unit with all its numbers, in the order of their issue. Raises NotFound."""
    block = unit.number_blocks.select_related("unit").filter(pk=block_id).first()
    if block is None:
        raise NotFound
    counter = NumberCounter.objects.get(pk=Series.LIFE.value)
    numbers = list(counter.numbers(block.first_index, block.indexes))
    taken = registered_among(numbers) | aliases_among(numbers)
    return BlockWithNumbers(
        **BlockOut.of(block).model_dump(),
        numbers=[
            BlockNumber(
                number=f"{number:08d}", written=format_volunteer_number(number), is_used=number in taken
            )
            for number in numbers
        ],
    )


def registered_among(numbers: Collection[int]) -> set[int]:
    """Return those of the numbers that stand on a record, be it one that was merged."""
    return set(Volunteer.objects.filter(number__in=numbers).values_list("number", flat=True))


def aliases_among(numbers: Collection[int]) -> set[int]:
    """Return those of the numbers that lead to a volunteer who has another now."""
    return set(NumberAlias.objects.filter(number__in=numbers).values_list("number", flat=True))
