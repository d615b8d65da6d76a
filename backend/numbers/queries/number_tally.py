"""Accounts for every number that was ever tried: the person who has it, or the reason why no person has."""

from dataclasses import dataclass, field

from backend.numbers.hooks import waiting_numbers
from backend.numbers.models import NumberBlock
from backend.numbers.queries.blocks import aliases_among, registered_among
from backend.volunteers.models import NumberCounter, Series, Volunteer

_AT_ONCE = 900
_BEYOND_NAMED = 100


@dataclass
class Tally:
    """What became of the indexes below a counter; together they are all of them.

    `waiting` are those of people in an import that has not been brought in yet.
    `beyond` are numbers that a person has although the counter has not reached them (at most 100). They did not come
    from here, and would be issued a second time.
    """

    tried: int = 0
    skipped: int = 0
    registered: int = 0
    aliases: int = 0
    in_blocks: int = 0
    waiting: int = 0
    void: int = 0
    beyond: list[int] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether every index is accounted for once."""
        parts = self.skipped + self.registered + self.aliases + self.in_blocks + self.waiting + self.void
        return self.tried == parts and not self.beyond


def tally(series: Series) -> Tally:
    """Account for every index of a series; half a minute for a million of them."""
    result = Tally()
    counter = NumberCounter.objects.filter(pk=series.value).first()
    if counter is None:
        counter = NumberCounter(pk=series.value)
    result.tried = counter.used
    open_blocks = list(NumberBlock.objects.open_()) if series == Series.LIFE else []
    for first in range(0, counter.used, _AT_ONCE):
        _count(result, counter, range(first, min(first + _AT_ONCE, counter.used)), open_blocks)
    result.beyond = _beyond(counter)
    return result


def _count(result: Tally, counter: NumberCounter, indexes: range, blocks: list[NumberBlock]) -> None:
    numbers = {number: index for index in indexes if (number := counter.number_at(index)) is not None}
    aliases = aliases_among(numbers)
    registered = registered_among(numbers) - aliases  # a merged record keeps its number, which is an alias
    near = [block for block in blocks if block.first_index < indexes.stop and indexes.start < block.end_index]
    waiting = waiting_numbers(numbers)
    known = registered | aliases | waiting
    rest = [index for number, index in numbers.items() if number not in known]
    in_blocks = sum(any(block.holds(index) for block in near) for index in rest)
    result.skipped += len(indexes) - len(numbers)
    result.registered += len(registered)
    result.aliases += len(aliases)
    result.in_blocks += in_blocks
    result.waiting += len(waiting)
    result.void += len(rest) - in_blocks


def _beyond(counter: NumberCounter) -> list[int]:
    first = counter.span.first * 10
    held = Volunteer.objects.filter(number__range=(first, first + counter.span.size * 10 - 1))
    found: list[int] = []
    for number in held.values_list("number", flat=True).iterator():
        if counter.index_of(number) >= counter.used:
            found.append(number)
            if len(found) == _BEYOND_NAMED:
                break
    return sorted(found)
