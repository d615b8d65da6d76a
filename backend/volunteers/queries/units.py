"""Reads the formation."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Left

from backend.lib.errors import NotFound
from backend.volunteers.models import (
    Unit,
    UnitCount,
    UnitKind,
    not_retired,
    shows,
)
from backend.volunteers.models.posts import PostQuerySet
from backend.volunteers.number_scheme import parse_unit_number
from backend.volunteers.rules import current_posts, within
from backend.volunteers.schemas import UnitCounts, UnitOut

MOST_CHOICES = 200
"""Units that a page offers to choose from."""


def unit_by_number(number: str) -> Unit:
    """Return the unit with this number, written with or without dashes, or raise NotFound.

    The number of a retired unit stands for its successor, or for the last one when that is retired too.
    """
    try:
        unit: Unit = Unit.objects.get(number=parse_unit_number(number))
    except (ValueError, Unit.DoesNotExist) as error:
        raise NotFound from error
    return current_unit(unit)


def current_unit(unit: Unit) -> Unit:
    """Return the unit itself, or if it is retired, the last of its successors: a unit that is retired never returns."""
    while unit.successor is not None:
        unit = unit.successor
    return unit


def retired_units() -> list[tuple[Unit, Unit]]:
    """Return the units that are no more, each with the one that answers to its number now."""
    gone = Unit.objects.exclude(not_retired()).select_related("successor")
    return [(unit, current_unit(unit)) for unit in gone]


def unit_outs(units: Iterable[Unit]) -> list[UnitOut]:
    """Return the units as clients see them, in the order given; one query for all their parents."""
    units = list(units)
    above = {unit.pk: unit.path[: -Unit.steplen] for unit in units}
    numbers = dict(Unit.objects.filter(path__in=set(above.values()) - {""}).values_list("path", "number"))
    return [_unit_out(unit, numbers.get(above[unit.pk])) for unit in units]


def _unit_out(unit: Unit, parent: str | None) -> UnitOut:
    return UnitOut(
        number=unit.number,
        kind=UnitKind(unit.kind),
        level=unit.level,
        name=unit.display_name,
        brand_name=unit.brand_name,
        parent=parent,
        lon=unit.lon,
        lat=unit.lat,
        partner_kind=unit.kind_of_partner,
    )


_RETIRED_BELOW = Coalesce(
    Subquery(
        Unit.objects.exclude(not_retired())
        .filter(depth=OuterRef("depth") + 1, path__startswith=OuterRef("path"))
        .order_by()
        .values("depth")
        .annotate(count=Count("pk"))
        .values("count")
    ),
    0,
)
"""How many units directly below have been retired: the tree keeps them for their numbers' sake."""


def counts_of(unit: Unit) -> UnitCounts:
    """Return a unit with the counts of its whole subtree, as they are kept: no clock is asked."""
    (found,) = Unit.objects.filter(pk=unit.pk).annotate(gone=_RETIRED_BELOW)
    return _counted([found], unit.path, len(unit.path))[0]


def counts_of_children(unit: Unit) -> list[UnitCounts]:
    """Return the direct sub-units, each with the counts of its whole subtree; three queries however many there are."""
    below = Unit.objects.filter(within(unit.path), not_retired(), depth=unit.depth + 1)
    children = list(below.annotate(gone=_RETIRED_BELOW).order_by("path"))
    return _counted(children, unit.path, len(unit.path) + Unit.steplen)


def _counted(units: Sequence[Unit], path: str, length: int) -> list[UnitCounts]:
    """Return units of one level below a path with counts: those kept for each unit, by the first `length` of its path.

    `path` is compared as a prefix, byte by byte: by the rules of a language, 35,000 comparisons cost as much as the
    sum.
    """
    rows = (
        UnitCount.objects.filter(path__startswith=path)
        .values(branch=Left("path", length))
        .annotate(members_in=Sum("members"), on_duty_in=Sum("on_duty"), reachable_in=Sum("reachable"))
        .order_by()
    )
    sums = {row["branch"]: (row["members_in"], row["on_duty_in"], row["reachable_in"]) for row in rows}
    return [
        UnitCounts(
            unit=out,
            members=max(members, 0),
            on_duty=max(on_duty, 0),
            unreachable=max(members - reachable, 0),
            children=unit.numchild - getattr(unit, "gone", 0),
        )
        for unit, out in zip(units, unit_outs(units), strict=True)
        for members, on_duty, reachable in [sums.get(unit.path, (0, 0, 0))]
    ]


def dispatched_units(user_id: int, *, at: datetime) -> list[Unit]:
    """Return the topmost units that a user's posts cover; below another only one that keeps its people from it."""
    posts = current_posts(user_id, at).dispatching()
    return _reached_by(posts)


def _reached_by(posts: PostQuerySet) -> list[Unit]:
    """Return the units of posts but those whose people another one shows; a closed partner stands by itself."""
    chosen: list[Unit] = []
    for unit in Unit.objects.filter(posts__in=posts).distinct().order_by("path"):
        if not any(shows(other.path, unit.path, unit.closed_depth) for other in chosen):
            chosen.append(unit)
    return chosen


def units_below(unit: Unit) -> list[Unit]:
    """Return the units directly below one, by their paths."""
    below = Unit.objects.filter(not_retired(), path__startswith=unit.path, depth=unit.depth + 1)
    return list(below.order_by("path")[:MOST_CHOICES])


def units_named(text: str, *, below: Sequence[Unit]) -> list[Unit]:
    """Return units whose name holds a text, among these and all below them; the very name first."""
    inside = Q()
    for unit in below:
        inside |= within(unit.path)
    found = Unit.objects.filter(inside, not_retired())
    same = list(found.filter(display_name=text).order_by("path")[:MOST_CHOICES])
    return same or list(found.filter(display_name__icontains=text).order_by("path")[:MOST_CHOICES])


def managed_units(user_id: int, *, at: datetime) -> list[Unit]:
    """Return the topmost units whose people a user looks after."""
    posts = current_posts(user_id, at).managing()
    return _reached_by(posts)
