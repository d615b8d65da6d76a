"""Tells volunteers again, under a new number, what they have not heard under the old one."""

from datetime import datetime

from backend.dispatch.events import AssignmentChanged
from backend.dispatch.models import Notice
from backend.dispatch.queries import unheard_on
from backend.dispatch.schemas import AssignmentOut
from backend.dispatch.services.announcements import note_told
from backend.realtime.log import Announcement, publish_all
from backend.volunteers.models import Volunteer


def tell_again(volunteer: Volunteer, before: int, at: datetime) -> None:
    """Tell how their parts stand on the new topic: nothing more is received on that of `before`, the old number."""
    parts = unheard_on(f"person.{before:08d}", volunteer)
    told = [
        Announcement(volunteer.topic, AssignmentChanged(assignment=AssignmentOut.of(part))) for part in parts
    ]
    seqs = publish_all(told, at=at)
    notices = [
        Notice(task_id=part.task_id, event=part.told.event, at=part.told.at, topic=volunteer.topic, seq=seq)
        for part, seq in zip(parts, seqs, strict=True)
    ]
    Notice.objects.bulk_create(notices)
    note_told(dict(zip((part.pk for part in parts), notices, strict=True)))
