"""What time brings to numbers."""

from datetime import datetime, timedelta

from backend.numbers.queries import number_use
from backend.realtime.clock import due


@due(every=timedelta(hours=1))
def warn_of_numbers(*, at: datetime) -> int:  # noqa: ARG001  # the clock gives it to each
    """Log a warning when half of the volunteer numbers are used up; returns of how many series."""
    return number_use.warn_of_numbers()
