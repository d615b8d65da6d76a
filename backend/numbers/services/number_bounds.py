"""Bounds how many numbers callers use up: a number that was handed out is never issued again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db.models import F, QuerySet, Sum

from backend.accounts.models import User
from backend.numbers.models import NumberBlock, WalkIn
from backend.volunteers.models import Unit, UnitCount, UnitKind
from backend.volunteers.services.numbers import TooManyNumbers

DAY = timedelta(days=1)
MONTH = timedelta(days=30)

SPARE: Mapping[str, int] = MappingProxyType(
    {
        UnitKind.HEADQUARTERS: 100_000,
        UnitKind.CORPS: 20_000,
        UnitKind.DETACHMENT: 5_000,
        UnitKind.BRIGADE: 2_000,
        UnitKind.SQUADRON: 1_000,
        UnitKind.PARTNER: 1_000,
    }
)
"""Unused numbers in the blocks of a unit and all below it, besides one for each member: a roster may double.

The bound of a unit holds for every unit above it too, so that new units below bring no new allowance.
"""
WALK_INS = 2_000
"""Walk-ins whom one caller may register in a day."""


def require_spare(unit: Unit, size: int, *, at: datetime) -> None:
    """Raise TooManyNumbers when a block would leave more unused numbers than the roster of a unit's line justifies.

    Numbers of blocks returned within a month count as well: they are void. The calling function holds the lock of the
    counter.
    """
    for above in _line(unit):
        members = (
            UnitCount.objects.filter(path__startswith=above.path).aggregate(sum=Sum("members"))["sum"] or 0
        )
        justified = SPARE[above.kind] + max(0, members)
        if _unused(above, at) + size > justified:
            raise TooManyNumbers(
                f"{justified:,} unused numbers are justified in the unit {above.number} and below: use up those it has."
            )


def require_walk_ins(by: User, *, at: datetime) -> None:
    """Raise TooManyNumbers for a caller who has registered as many walk-ins as a day allows."""
    if WalkIn.objects.filter(registered_by=by, registered_at__gt=at - DAY).count() >= WALK_INS:
        raise TooManyNumbers(f"A person registers at most {WALK_INS:,} walk-ins a day.")


def _line(unit: Unit) -> QuerySet[Unit]:
    """Return a unit and those above it, the unit first."""
    return Unit.objects.filter(path__in=unit.line).order_by("-path")


def _unused(unit: Unit, at: datetime) -> int:
    """Return the numbers of blocks of a subtree that no person has: open, or void since less than a month."""
    blocks = NumberBlock.objects.open_since(at - MONTH)
    below = blocks.filter(unit__path__startswith=unit.path)
    return int(below.aggregate(sum=Sum(F("size") - F("used")))["sum"] or 0)
