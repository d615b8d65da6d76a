"""The log numbers events without gaps, in commit order, on both databases."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from backend.realtime.frames import Audience, encode_event
from backend.realtime.log import epochs, event_log
from backend.realtime.models import Event, Topic
from backend.realtime.registry import Principal
from tests.conftest import Race
from tests.realtime.samples import SampleHappened, principal

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def publish(topic: str, n: int = 0, **kwargs: object) -> int:
    with transaction.atomic():
        return event_log.publish(topic, SampleHappened(n=n), at=AT, **kwargs)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_publish_numbers_each_topic_from_one() -> None:
    assert [publish("sample.a"), publish("sample.b"), publish("sample.a")] == [1, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_publish_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="inside the transaction"):
        event_log.publish("sample.a", SampleHappened(n=1), at=AT)


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_publish_leaves_no_gap() -> None:
    publish("sample.a")
    with transaction.atomic():
        event_log.publish("sample.a", SampleHappened(n=2), at=AT)
        transaction.set_rollback(True)
    assert publish("sample.a") == 2


@pytest.mark.django_db
def test_publish_all_answers_in_the_order_given_whatever_the_order_of_locks() -> None:
    publish("sample.z")
    with transaction.atomic():
        seqs = event_log.publish_all(
            [
                event_log.Announcement(name, SampleHappened(n=0))
                for name in ("sample.z", "sample.a", "sample.z")
            ],
            at=AT,
        )
    assert seqs == [2, 1, 3]


@pytest.mark.django_db
def test_read_returns_the_missed_events_of_several_topics_with_one_query(
    django_assert_num_queries: object,
) -> None:
    for n in range(4):
        publish("sample.a", n)
        publish("sample.b", n)
    with django_assert_num_queries(1):  # type: ignore[operator]
        messages = event_log.read({"sample.a": (1, 3), "sample.b": (3, 4)})
    assert [(m.topic, m.seq) for m in messages] == [("sample.a", 2), ("sample.a", 3), ("sample.b", 4)]


@pytest.mark.django_db
def test_the_frame_read_again_equals_the_frame_that_was_sent() -> None:
    sent = encode_event("sample.a", 1, "sample.happened", AT, SampleHappened(n=7).model_dump_json(), None)
    publish("sample.a", 7)
    assert event_log.read({"sample.a": (0, 1)})[0].frame == sent.frame


@pytest.mark.django_db
def test_an_audience_is_kept_with_its_event() -> None:
    publish("sample.a", audience=Audience(numbers=[10000005], tags=["adult"]))
    matcher = event_log.read({"sample.a": (0, 1)})[0].matcher
    assert matcher is not None
    people: list[Principal] = [
        principal(10000005, tags={"adult"}), principal(10000005), principal(10000013, tags={"adult"})
    ]  # fmt: skip
    assert [matcher(person) for person in people] == [True, False, False]


@pytest.mark.django_db(transaction=True)
def test_concurrent_publishers_leave_no_gap_and_no_double() -> None:
    def publish_many() -> None:
        try:
            for n in range(25):
                with transaction.atomic():
                    event_log.publish_all(
                        [event_log.Announcement(f"sample.{t}", SampleHappened(n=n)) for t in ("b", "a")],
                        at=AT,
                    )
        finally:
            connection.close()

    threads = [threading.Thread(target=publish_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for topic in ("sample.a", "sample.b"):
        seqs = list(Event.objects.filter(topic_id=topic).order_by("id").values_list("seq", flat=True))
        assert sorted(seqs) == list(range(1, 101))
        assert Topic.objects.get(name=topic).head == 100


@pytest.mark.django_db
def test_many_events_of_many_topics_are_numbered_in_the_order_given() -> None:
    publish("sample.0001", 0)
    names = [f"sample.{n % 7:04d}" for n in range(50)]
    with transaction.atomic():
        seqs = event_log.publish_all(
            [event_log.Announcement(name, SampleHappened(n=n)) for n, name in enumerate(names)], at=AT
        )

    for name in set(names):
        numbers = [n for n, other in enumerate(names) if other == name]
        first = 2 if name == "sample.0001" else 1
        assert [seqs[n] for n in numbers] == list(range(first, first + len(numbers)))
        rows = Event.objects.filter(topic_id=name, seq__gte=first).order_by("seq")
        assert [row.data["n"] for row in rows] == numbers
        assert Topic.objects.get(name=name).head == first + len(numbers) - 1


@pytest.mark.django_db
def test_statements_of_publishing_do_not_grow_with_the_number_of_events(
    django_assert_num_queries: object,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    for count in (1, 500):
        with transaction.atomic(), django_assert_num_queries(2):  # type: ignore[operator]
            event_log.publish_all(
                [event_log.Announcement(f"sample.{n}", SampleHappened(n=n)) for n in range(count)], at=AT
            )


@pytest.mark.django_db
def test_publishing_nothing_is_allowed() -> None:
    with transaction.atomic():
        assert event_log.publish_all([], at=AT) == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_publishers_of_many_topics_at_once_never_wait_for_each_other_for_ever(race: Race) -> None:
    """Half of the topics are new to both, and each names them in another order."""
    names = [f"sample.{n:03d}" for n in range(60)]
    for name in names[::2]:
        publish(name)

    def publish_many(order: list[str]) -> None:
        for n in range(10):
            with transaction.atomic():
                event_log.publish_all(
                    [event_log.Announcement(name, SampleHappened(n=n)) for name in order], at=AT
                )

    results = race(
        *(lambda order=order: publish_many(order) for order in (names, names[::-1], names[30:] + names[:30]))
    )

    assert results == [None, None, None]
    for n, name in enumerate(names):
        seqs = list(Event.objects.filter(topic_id=name).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) == 30 + (n % 2 == 0)


@pytest.mark.django_db
def test_moved_topics_come_with_their_heads_and_stamps() -> None:
    publish("sample.still")
    first = Topic.objects.get(name="sample.still").moved_at
    publish("sample.a")
    publish("sample.a")
    moved = Topic.objects.get(name="sample.a").moved_at

    assert sorted(event_log.moved_since(first - timedelta(seconds=1))[0]) == [
        ("sample.a", 2, moved),
        ("sample.still", 1, first),
    ]
    assert event_log.moved_since(moved + timedelta(seconds=1)) == ([], epochs.current())
