"""What time brings to volunteers: duty and suspensions end, counts are put right."""

from datetime import datetime, timedelta

from backend.lib.retention import YEAR, keep
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted
from backend.volunteers import services
from backend.volunteers.models import AccessEntry, Consent, Credential, Guardian
from backend.volunteers.queries.devices import whose_last_device_ran_out
from backend.volunteers.services import counts, duty, roster, standing

keep("looks", lambda moment: AccessEntry.objects.filter(hour__lt=moment), kept=timedelta(days=180))
keep("withdrawn consents", Consent.objects.over_since, kept=3 * YEAR)
keep("withdrawn guardians", Guardian.objects.over_since, kept=3 * YEAR)
keep("ended credentials", Credential.objects.over_since, kept=10 * YEAR)


@due(every=timedelta(seconds=5))
def end_overlong_duty(*, at: datetime) -> int:
    """End the duty that has reached its maximum length; returns of how many."""
    return services.end_overlong_duty(at=at)


@due(every=timedelta(minutes=1))
def end_duty_of_run_out(*, at: datetime) -> int:
    """End the duty of volunteers whose last sign-in has expired: nothing reaches them; returns of how many."""
    users = [volunteer.user for volunteer in whose_last_device_ran_out(at).select_related("user")[:500]]
    for user in users:
        duty.end_duty_of_run_out(user=user, at=at)
    return len(users)


@due(every=timedelta(seconds=5))
def end_suspensions(*, at: datetime) -> int:
    """Reinstate volunteers whose suspension is over; returns how many."""
    return standing.end_suspensions(at=at)


@due(every=timedelta(hours=1))
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that ended more than a week ago; returns of how many."""
    return report_deleted("times of duties", services.forget_duty_periods(at=at), at=at)


@due(every=timedelta(minutes=1))
def repair_counts(*, at: datetime) -> int:
    """Count some units again, the oldest counts first; returns how many counts were wrong."""
    return counts.repair_counts(at=at)


@due(every=timedelta(seconds=10))
def fill_roster_gaps(*, at: datetime) -> int:  # noqa: ARG001  # the clock gives it to each
    """Fill in what a roster needs for new memberships that lack it; returns how many."""
    return roster.fill_roster_gaps()
