"""What a person's phones are told of corrections."""

from uuid import UUID

from backend.corrections.models import Part
from backend.realtime.events import Event


class RecordCorrected(Event, type="record.corrected", topics=("person",)):
    """A leader has corrected your name, phone or skills, also from a roster, or has taken that back.

    `GET /volunteers/{number}/corrections` tells what stood there before.
    """

    correction: UUID
    part: Part
    undone: bool
