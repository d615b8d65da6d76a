"""Tells which share of the volunteer numbers is used up, in good time before the last one."""

import logging
from functools import partial
from typing import Any

import prometheus_client
from django.db import DatabaseError

from backend.volunteers.models import NumberCounter, Series

logger = logging.getLogger(__name__)

ALARM_AT = 0.5
"""The share of a series from which operators are told: widening the numbers takes a year."""


def share_used(series: Series) -> float:
    """Return the share of a series that was tried, between 0 and 1; NaN while the database does not answer."""
    try:
        counter = NumberCounter.objects.filter(pk=series.value).first()
    except DatabaseError:
        return float("nan")
    return share_of(series, counter.used) if counter else 0.0


def share_of(series: Series, used: int) -> float:
    """Return which share of a series so many tried numbers are."""
    return used / series.span.size


_used = prometheus_client.Gauge(
    "muster_numbers_used_ratio", "How much of the volunteer numbers of a series was handed out.", ["series"]
)
for _series in Series:
    _used.labels(_series.name.lower()).set_function(partial(share_used, _series))


def warn_of_numbers() -> int:
    """Log a warning for each series of which half is used up; returns how many."""
    shares = {series: share_used(series) for series in Series}
    short = {series: share for series, share in shares.items() if share >= ALARM_AT}
    for series, share in short.items():
        said = f"{share:.1%}"
        logger.warning("%s of the volunteer numbers of the series %s are used up", said, series.name.lower())
    return len(short)


def is_short(series: Series, used: int) -> bool:
    """Tell whether so many tried numbers are half of a series or more."""
    return share_of(series, used) >= ALARM_AT


def number_alarms(cursor: Any) -> list[str]:
    """Return an alarm for each series of which half is used up; they stand in the answer of `/readyz`."""
    cursor.execute("SELECT id, used FROM volunteers_numbercounter ORDER BY id")
    return [
        f"numbers-{Series(key).name.lower()}-half-used"
        for key, used in cursor.fetchall()
        if key in Series.values and is_short(Series(key), used)
    ]
