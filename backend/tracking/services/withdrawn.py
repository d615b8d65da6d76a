"""Keeps volunteers off the map who have withdrawn their consent to tracking, or deleted their data."""

from datetime import datetime, timedelta

from backend.tracking.judging import tracked_now
from backend.tracking.models import Fix, LatestPosition
from backend.tracking.positions import forget
from backend.volunteers.models import Consent, Purpose, Volunteer
from backend.volunteers.queries.numbers import numbers_of

STORED_BY_THEN = timedelta(minutes=1)
"""The longest time between the judgement of a report and its commit."""


def forget_who_withdrew(*, at: datetime) -> int:
    """Take volunteers off the map who withdrew within a minute and are on it again; returns how many.

    A report that was judged before the withdrawal and stored after it would show them until it expires. A volunteer
    with another reason to be tracked stays: an emergency with its legal basis, or a new consent. For a volunteer who
    deleted their data meanwhile, the track that came back in this way is deleted again.
    """
    withdrawn = Consent.objects.withdrawn_since(at - STORED_BY_THEN).filter(purpose=Purpose.LOCATION)
    erased = withdrawn.filter(volunteer__erased_at__isnull=False).values_list("volunteer__number", flat=True)
    Fix.objects.filter(person__in=list(erased)).delete()
    numbers = set(withdrawn.values_list("volunteer__number", flat=True))
    if not numbers:
        return 0
    shown = LatestPosition.objects.filter(person__in=numbers).exclude(scope="")
    gone = set(shown.values_list("person", flat=True))
    if gone:
        gone.difference_update(tracked_now(gone, at))
        forget(gone, at=at)
    return len(gone)


def erase_tracking(volunteer: Volunteer, *, at: datetime) -> None:
    """Delete the tracks and trackers of an erased volunteer, also those under earlier numbers, and the last place."""
    numbers = numbers_of(volunteer)
    forget(numbers, at=at)
    Fix.objects.filter(person__in=numbers).delete()
    volunteer.user.trackers.all().delete()
