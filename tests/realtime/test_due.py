"""The log is trimmed in small steps, and whoever is behind it starts from a snapshot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from backend.realtime import clock
from backend.realtime.due import trim_events
from backend.realtime.log import event_log
from backend.realtime.models import Event, Topic
from tests.realtime.samples import SampleHappened

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def publish(topic: str, at: datetime) -> None:
    with transaction.atomic():
        event_log.publish(topic, SampleHappened(n=1), at=at)


@pytest.mark.django_db
def test_events_older_than_a_week_go_and_the_topic_remembers_how_far() -> None:
    for days in (9, 8, 1):
        publish("sample.a", AT - timedelta(days=days))
    assert trim_events(at=AT) == 2
    assert list(Event.objects.values_list("seq", flat=True)) == [3]
    assert event_log.heads(["sample.a"]) == {"sample.a": (3, 2)}


@pytest.mark.django_db
def test_a_topic_with_too_many_events_is_cut_to_what_is_kept(settings: Any) -> None:
    settings.MUSTER = replace(settings.MUSTER, events_kept_per_topic=3)
    for _ in range(5):
        publish("sample.a", AT)
    assert trim_events(at=AT) == 2
    assert Topic.objects.get().trimmed_to == 2


@pytest.mark.django_db
def test_the_clock_does_all_registered_work_and_says_how_much() -> None:
    publish("sample.a", AT - timedelta(days=9))
    assert clock.tick(at=AT)["backend.realtime.due.trim_events"] == 1
