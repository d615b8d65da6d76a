"""What becomes of a volunteer's lines: attested ages that are void, records that are merged, people who are erased."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from backend.accounts.acting import acting
from backend.papers.acts import Acts
from backend.papers.locks import lines_to_lock
from backend.papers.models import Briefing, Line, PaperKind
from backend.volunteers.models import Volunteer
from backend.volunteers.rules import is_known_minor

BATCH = 500


@transaction.atomic
def void_attested_minors(*, at: datetime) -> int:
    """Void attested ages of people who are minors by a date of birth that turned up since; returns how many.

    A call-out and an acceptance ask for the date of birth themselves: nothing rests on the line meanwhile. Locks the
    lines, at most 500 in one turn.
    """
    attested = Line.objects.of_running(at).filter(is_known_minor(at, "volunteer__"), kind=PaperKind.ADULTHOOD)
    lines = list(lines_to_lock(attested).order_by("pk")[:BATCH])
    if lines:
        Line.objects.filter(pk__in=[line.pk for line in lines]).update(voided_at=at)
        with acting(by=None, at=at) as act:
            for occasion, count in Counter(line.occasion_id for line in lines).items():
                act.record(Acts.ADULTHOOD_VOIDED, f"occasion.{occasion}", count=count)
    return len(lines)


def move_lines(gone: Volunteer, kept: Volunteer) -> None:
    """Give the lines and briefings of a record that is merged to the one that is kept; both are locked.

    What the kept record has as well goes: one person takes one place of a policy. So does what either account has
    entered for the other record, or taught: no desk enters papers of its own.
    """
    accounts = (gone.user_id, kept.user_id)
    of_oneself = Q(sheet__entered_by__in=accounts) | Q(sheet__briefing__trainer__in=(gone, kept))
    Line.objects.filter(of_oneself, volunteer__in=(gone, kept)).delete()
    has = kept.paper_lines.all()
    twice = Q(sheet__in=has.values("sheet")) | Q(policy__in=has.exclude(policy=None).values("policy"))
    gone.paper_lines.filter(twice).delete()
    gone.paper_lines.update(volunteer=kept)
    Briefing.objects.filter(trainer=gone).update(trainer=kept)


def erase_lines(volunteer: Volunteer) -> None:
    """Take out of a volunteer's lines which documents were seen; the lines stay with the number."""
    volunteer.paper_lines.update(document="")
