"""An act writes its record and its news at its end, once; an exception leaves nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from uuid6 import uuid7

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.audit.acts import ActName
from backend.audit.models import Entry
from backend.realtime.models import Revocation
from backend.volunteers.grants import DENIED, OWN, Grant
from backend.volunteers.models import Post
from tests import one_publish
from tests.conftest import Published
from tests.realtime.samples import SampleHappened

pytestmark = pytest.mark.django_db


class Acts(ActName):
    """What these tests record."""

    NOTE_MADE = "note.made", "A note was made.", "n"


def recorded() -> list[tuple[str, int | None, str]]:
    return list(Entry.objects.order_by("pk").values_list("subject", "by", "post"))


def tell(act: Act, *topics: str) -> None:
    for n, topic in enumerate(topics):
        act.tell(topic, SampleHappened(n=n))


@transaction.atomic
def fail(by: User, at: datetime) -> None:
    with acting(by=by, at=at) as act:
        act.record(Acts.NOTE_MADE, "note.1")
        tell(act, "sample.a")
        raise ZeroDivisionError


def test_nothing_is_written_before_the_end(volunteer: User, published: Published, at: datetime) -> None:
    Entry.objects.all().delete()
    before = len(published)

    with transaction.atomic(), acting(by=volunteer, at=at) as act:
        act.record(Acts.NOTE_MADE, "note.1", n=1)
        act.record(Acts.NOTE_MADE, "note.2", n=2)
        tell(act, "sample.b", "sample.a")
        assert (recorded(), len(published)) == ([], before)

    assert recorded() == [("note.1", volunteer.pk, ""), ("note.2", volunteer.pk, "")]
    assert [topic for topic, _, _ in published("sample.")] == ["sample.a", "sample.b"]


def test_many_lines_take_one_statement(
    volunteer: User, at: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite inserts by the ORM")
    with transaction.atomic(), django_assert_num_queries(1), acting(by=volunteer, at=at) as act:
        for n in range(50):
            act.record(Acts.NOTE_MADE, f"note.{n}", n=n)


def test_an_exception_leaves_nothing(volunteer: User, published: Published, at: datetime) -> None:
    Entry.objects.all().delete()

    with pytest.raises(ZeroDivisionError):
        fail(volunteer, at)

    assert (recorded(), published("sample.")) == ([], [])
    with transaction.atomic(), acting(by=volunteer, at=at) as act:  # the next one opens
        act.record(Acts.NOTE_MADE, "note.2")
    assert recorded() == [("note.2", volunteer.pk, "")]


def test_an_act_inside_an_act_is_a_mistake(volunteer: User, at: datetime) -> None:
    with (
        transaction.atomic(),
        acting(by=volunteer, at=at),
        pytest.raises(AssertionError, match="hand it on"),
        acting(by=volunteer, at=at),
    ):
        pass


@pytest.mark.django_db(transaction=True)
def test_an_act_outside_a_transaction_is_a_mistake(at: datetime) -> None:
    with pytest.raises(AssertionError, match="inside the transaction"), acting(by=None, at=at):
        pass


def test_the_number_of_an_event_is_there_when_it_was_told(volunteer: User, at: datetime) -> None:
    seen: list[int] = []

    with transaction.atomic(), acting(by=volunteer, at=at) as act:
        tell(act, "sample.a", "sample.a")
        last = act.tell("sample.a", SampleHappened(n=9))
        act.once_told(lambda: seen.append(last.seq))
        assert last.seq == 0

    assert seen == [3]


def test_what_concerns_who_is_no_more_is_not_told(
    volunteer: User, published: Published, at: datetime
) -> None:
    with transaction.atomic(), acting(by=volunteer, at=at) as act:
        tell(act, "sample.a", "sample.b")
        act.keep_silent_on(["sample.a"])

    assert [topic for topic, _, _ in published("sample.")] == ["sample.b"]


def test_a_session_ends_behind_the_news(
    volunteer: User, at: datetime, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    session, order = uuid7(), []
    monkeypatch.setattr("backend.realtime.log.bus.announce", lambda _: order.append("news"))
    monkeypatch.setattr("backend.realtime.log.bus.announce_revoked", lambda *_: order.append("end"))

    with (
        django_capture_on_commit_callbacks(execute=True),
        transaction.atomic(),
        acting(by=volunteer, at=at) as act,
    ):
        act.end_session(session)
        tell(act, "sample.a")

    assert list(Revocation.objects.values_list("session", flat=True)) == [session]
    assert order == ["news", "end"]


def test_a_part_of_an_act_names_another_and_their_post(volunteer: User, leader: User, at: datetime) -> None:
    Entry.objects.all().delete()
    grant = Grant(Post.objects.select_related("unit").get(volunteer__user=leader))

    with transaction.atomic(), acting(by=volunteer, at=at) as act:
        act.of(leader, grant=grant).record(Acts.NOTE_MADE, "note.1")
        act.of(None).record(Acts.NOTE_MADE, "note.2")

    assert recorded() == [("note.1", leader.pk, grant.title), ("note.2", None, "")]


def test_a_grant_is_true_where_the_act_is_allowed() -> None:
    assert OWN
    assert not DENIED
    assert Grant(Post())
    assert (OWN.title, DENIED.title) == ("", "")


@pytest.mark.parametrize("late", ["a second act", "a row", "nothing"])
def test_what_follows_the_news_is_found(volunteer: User, at: datetime, late: str) -> None:
    """Guards the watch over all tests against watching nothing."""
    with transaction.atomic():
        with acting(by=volunteer, at=at) as act:
            tell(act, "sample.a")
        if late == "a second act":
            with acting(by=volunteer, at=at) as act:
                tell(act, "sample.a")
        if late == "a row":
            User.objects.filter(pk=volunteer.pk).update(language="en")

    found, one_publish.breaches[:] = list(one_publish.breaches), []
    assert bool(found) == (late != "nothing")
