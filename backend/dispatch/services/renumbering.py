"""Tells volunteers again, under a new number, what they have not heard under the old one."""

from backend.accounts.acting import Act
from backend.dispatch.events import AssignmentChanged
from backend.dispatch.models import Notice
from backend.dispatch.queries import unheard_on
from backend.dispatch.schemas import AssignmentOut
from backend.dispatch.services.announcements import note_told
from backend.volunteers.models import Volunteer


def tell_again(volunteer: Volunteer, before: int, act: Act) -> None:
    """Tell on the new topic how their parts stand: phones receive nothing more on that of `before`, the old number."""
    parts = unheard_on(f"person.{before:08d}", volunteer)
    topic = volunteer.topic
    told = [act.tell(topic, AssignmentChanged(assignment=AssignmentOut.of(part))) for part in parts]

    def note() -> None:
        note_told(
            {
                part.pk: Notice(
                    task_id=part.task_id, event=part.told.event, at=part.told.at, topic=topic, seq=one.seq
                )
                for part, one in zip(parts, told, strict=True)
            }
        )

    act.once_told(note)
