"""Deletes the oldest events of topics; readers learn it from `trimmed_to` in the same commit."""

from collections.abc import Iterable

from backend.realtime.models import Event, Topic


def trim_topic(name: str, until: int) -> int:
    """Delete a topic's events up to and including `until`; returns how many."""
    Topic.objects.filter(name=name, trimmed_to__lt=until).update(trimmed_to=until)
    deleted, _ = Event.objects.filter(topic_id=name, seq__lte=until).delete()
    return deleted


def trim_topics(names: Iterable[str]) -> None:
    """Delete all events of these topics: clients that are behind then get a snapshot."""
    topics = Topic.objects.filter(name__in=list(names)).order_by("name")
    for name, head in topics.values_list("name", "head"):
        trim_topic(name, head)
