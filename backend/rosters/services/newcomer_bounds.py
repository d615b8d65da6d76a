"""Bounds how many people imports bring in: a number that was handed out is never issued again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db.models import QuerySet, Sum

from backend.rosters.models import RosterImport
from backend.volunteers.models import Unit, UnitKind
from backend.volunteers.services.numbers import TooManyNumbers

MONTH = timedelta(days=30)
NEWCOMERS: Mapping[str, int] = MappingProxyType(
    {
        UnitKind.DETACHMENT: 1_000_000,
        UnitKind.BRIGADE: 200_000,
        UnitKind.SQUADRON: 20_000,
        UnitKind.PARTNER: 20_000,
    }
)
"""People whom imports may bring into a unit and all below it within a month: some forty times the largest there are."""


def require_newcomers(batch: RosterImport, *, at: datetime) -> None:
    """Raise TooManyNumbers when an import, with those of the last month, brings in more people than are plausible."""
    for above in Unit.objects.filter(path__in=batch.unit.line).order_by("-path"):
        most = NEWCOMERS.get(above.kind)
        brought = _imports_below(above, at).exclude(pk=batch.pk).aggregate(sum=Sum("accepted"))["sum"] or 0
        if most is not None and brought + batch.accepted > most:
            raise TooManyNumbers(
                f"Imports bring at most {most:,} people a month into the unit {above.number} and below:"
                " let the unit above import the file."
            )


def _imports_below(unit: Unit, at: datetime) -> QuerySet[RosterImport]:
    """Return the imports of a subtree within a month whose people were given numbers, also those that were undone."""
    given = RosterImport.objects.exclude(started_by=None).filter(made_at__gt=at - MONTH)
    return given.filter(unit__path__startswith=unit.path)
