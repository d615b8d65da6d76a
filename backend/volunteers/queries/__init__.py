"""Reads the formation and its people."""

from backend.volunteers.queries.me import duties_out, duty_out, me_of
from backend.volunteers.queries.units import (
    counts_of,
    counts_of_children,
    current_unit,
    dispatched_units,
    unit_by_number,
    unit_outs,
)

__all__ = [
    "counts_of",
    "counts_of_children",
    "current_unit",
    "dispatched_units",
    "duties_out",
    "duty_out",
    "me_of",
    "unit_by_number",
    "unit_outs",
]
