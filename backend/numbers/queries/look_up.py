"""Reads what became of a number, as people write or say it."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from backend.accounts.models import User
from backend.lib.errors import NotFound, require
from backend.numbers.hooks import waiting_numbers
from backend.numbers.models import NumberBlock
from backend.numbers.schemas import (
    NumberOut,
    NumberState,
    Suggestion,
)
from backend.volunteers.models import (
    Membership,
    NumberAlias,
    NumberCounter,
    Series,
    Unit,
    Volunteer,
    has_not_retired,
    series_of,
)
from backend.volunteers.number_parsing import digits_of, one_slip_away, read_number
from backend.volunteers.queries.numbers import volunteer_by_number
from backend.volunteers.queries.units import dispatched_units, unit_outs
from backend.volunteers.rules import may_manage, may_trace_numbers, seen_from


@dataclass(frozen=True, slots=True)
class _Seen:
    """A volunteer whom the caller may look up; `is_covered`: by a post of the caller, or it is the caller."""

    volunteer: Volunteer
    is_covered: bool

    @property
    def name(self) -> str | None:
        """The name, for those who are told it."""
        return self.volunteer.name if self.is_covered else None


def look_up(text: str, *, by: User, at: datetime) -> NumberOut:
    """Return what became of a number, as people write or say it.

    Raises NotFound for a number whose person `by` may not see. A number that is free, void or in a block then looks
    the same as such a volunteer's: the answer does not tell which people there are.
    """
    digits = digits_of(text)
    number = read_number(text)
    if number is None:
        return NumberOut(state="invalid", did_you_mean=_meant(digits, by, at) if digits else [])
    try:
        holder = volunteer_by_number(number)
    except NotFound:
        return _of_nobody(number, by, at)
    return _of_somebody(number, holder, by, at)


def _of_somebody(number: int, holder: Volunteer, by: User, at: datetime) -> NumberOut:
    seen = next(iter(_seen(Volunteer.objects.filter(pk=holder.pk), by, at)), None)
    require(seen is not None or may_trace_numbers(by, at))
    state: NumberState = "temporary" if series_of(number) == Series.TEMPORARY else "registered"
    units = _units_of(holder, by, is_covered=seen.is_covered) if seen else []
    return NumberOut(
        state=state if holder.number == number else "alias",
        number=f"{number:08d}",
        now=f"{holder.number:08d}",
        name=seen.name if seen else None,
        units=unit_outs(units),
    )


def _units_of(holder: Volunteer, by: User, *, is_covered: bool) -> list[Unit]:
    """Return the person's units, the primary one first; a comrade is told those that both belong to."""
    memberships = holder.memberships.select_related("unit").order_by("-is_primary", "unit__path")
    if not is_covered:
        memberships = memberships.filter(unit__memberships__volunteer__user=by)
    return [membership.unit for membership in memberships]


def _of_nobody(number: int, by: User, at: datetime) -> NumberOut:
    counter = NumberCounter.objects.filter(pk=series_of(number).value).first()
    index = counter.index_of(number) if counter else 0
    is_issued = counter is not None and index < counter.used
    block = block_with(index) if is_issued and series_of(number) == Series.LIFE else None
    require(may_manage(by, block.unit, at) if block else may_trace_numbers(by, at))
    if not is_issued or waiting_numbers([number]):  # or who waits in an import gets it
        return NumberOut(state="not_issued", number=f"{number:08d}")
    if block is None:
        return NumberOut(state="void", number=f"{number:08d}")
    state: NumberState = "void" if block.returned_at else "block"
    return NumberOut(state=state, number=f"{number:08d}", unit=unit_outs([block.unit])[0])


def _meant(digits: str, by: User, at: datetime) -> list[Suggestion]:
    """Return the numbers one slip of the finger away, of people whom `by` may look up; three queries at most."""
    near = one_slip_away(digits)
    current = Volunteer.objects.filter(number__in=near, merged_into=None)
    found = {seen.volunteer.number: seen for seen in _seen(current, by, at)}
    aliases = dict(NumberAlias.objects.filter(number__in=near).values_list("number", "volunteer"))
    if aliases:
        holders = Volunteer.objects.filter(pk__in=aliases.values())
        those = {seen.volunteer.pk: seen for seen in _seen(holders, by, at)}
        found |= {number: those[pk] for number, pk in aliases.items() if pk in those}
    return [Suggestion(number=f"{number:08d}", name=found[number].name) for number in sorted(found)]


def _seen(volunteers: QuerySet[Volunteer], by: User, at: datetime) -> list[_Seen]:
    """Return whom `by` may look up: the caller, people covered by the caller's posts, comrades until they retire."""
    theirs = Membership.objects.filter(volunteer=OuterRef("pk"))
    own = Membership.objects.filter(has_not_retired("volunteer__"), volunteer__user=by).values("unit")
    paths = [seen_from(unit.path, "unit__") for unit in dispatched_units(by.pk, at=at)]
    covered = Q(user=by) | Q(Exists(theirs.filter(reduce(or_, paths)))) if paths else Q(user=by)
    seen = volunteers.annotate(is_covered=ExpressionWrapper(covered, output_field=BooleanField()))
    comrades = Q(is_covered=True) | Q(Exists(theirs.filter(unit__in=own)))
    return [_Seen(volunteer, volunteer.is_covered) for volunteer in seen.filter(comrades)]


def block_with(index: int) -> NumberBlock | None:
    """Return the block that holds an index of the counter of numbers for life."""
    blocks = NumberBlock.objects.select_related("unit").filter(first_index__lte=index)
    block = blocks.order_by("-first_index").first()
    return block if block is not None and block.holds(index) else None
