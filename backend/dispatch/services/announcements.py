"""Whom an event of a task goes to."""

from backend.dispatch import queries
from backend.dispatch.models import Task
from backend.realtime.events import Event
from backend.realtime.frames import Audience
from backend.realtime.log import Announcement


def to_everyone_asked(task: Task, event: Event) -> list[Announcement]:
    """Return one announcement for each topic on which people who were asked hear of the task, to those people."""
    asked = queries.asked_by_topic(task)
    return [Announcement(topic, event, Audience(numbers=numbers)) for topic, numbers in asked.items()]
