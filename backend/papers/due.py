"""What time brings to collective papers."""

from datetime import datetime, timedelta

from backend.lib.retention import YEAR, keep
from backend.papers.models import Sheet
from backend.papers.services import people
from backend.realtime.clock import due

keep("papers of occasions that are over", Sheet.objects.ended_before, kept=10 * YEAR)


@due(every=timedelta(minutes=1))
def void_attested_minors(*, at: datetime) -> int:
    """Void attested ages of people whose date of birth turned up since and says that they are minors."""
    return people.void_attested_minors(at=at)
