"""What time brings to accounts: sign-ins that were not finished go."""

from datetime import datetime, timedelta

from backend.accounts.services import choices, second_factors
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted


@due(every=timedelta(hours=1))
def forget_challenges(*, at: datetime) -> int:
    """Delete the sign-ins that waited for a second factor and are over since a day; returns of how many."""
    deleted = second_factors.forget_challenges(at=at)
    return report_deleted("sign-ins without a second factor", deleted, at=at)


@due(every=timedelta(hours=1))
def forget_choices(*, at: datetime) -> int:
    """Delete the sign-ins that waited for the choice of a person, when their time is up; returns of how many people."""
    return report_deleted("sign-ins without a person", choices.forget_choices(at=at), at=at)
