"""What time brings to accounts: sign-ins that were not finished go, and what is over is kept for a while."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from backend.accounts.models import Device, Invitation, SignInCode
from backend.accounts.services import choices, second_factors
from backend.lib.retention import keep
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted

SPENT = timedelta(days=90)

keep(
    "wrong passwords",
    lambda moment: AccessAttempt.objects.filter(attempt_time__lt=moment),
    kept=timedelta(days=1),
)
keep("page sessions", lambda moment: Session.objects.filter(expire_date__lt=moment), kept=timedelta(0))
keep("invitations that are over", Invitation.objects.over_since, kept=SPENT)
keep("sign-in codes that are over", SignInCode.objects.over_since, kept=SPENT)
keep("revoked devices", Device.objects.over_since, kept=SPENT)


@due(every=timedelta(hours=1))
def forget_challenges(*, at: datetime) -> int:
    """Delete the sign-ins that waited for a second factor and are over since a day; returns of how many."""
    deleted = second_factors.forget_challenges(at=at)
    return report_deleted("sign-ins without a second factor", deleted, at=at)


@due(every=timedelta(hours=1))
def forget_choices(*, at: datetime) -> int:
    """Delete the sign-ins that waited for the choice of a person, when their time is up; returns of how many people."""
    return report_deleted("sign-ins without a person", choices.forget_choices(at=at), at=at)
