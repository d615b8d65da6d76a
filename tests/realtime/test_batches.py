"""Commands that run together: one transaction, one result for each, and no harm to each other."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from uuid6 import uuid7

from backend.accounts.models import User
from backend.lib.errors import NotFound, Refusal, TooMany
from backend.lib.shapes import Request, Shape
from backend.realtime import services
from backend.realtime.frames import CommandFrame
from backend.realtime.keys import KeyUsedOtherwise
from backend.realtime.models import KeyedAct, Topic
from backend.realtime.registry import Call, Command, Principal, registry
from backend.realtime.services import Outcome
from backend.realtime.socket import batches
from backend.realtime.socket.batches import Sent, run_commands
from backend.realtime.sync import in_thread, release_connections
from tests.conftest import Formation, MakeVolunteer
from tests.realtime.conftest import Connect

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TYPE = "test.note"


class NotToday(Refusal):
    """Not today."""

    slug = text = "not-today"


class Note(Request):
    """Notes a word; `no` is refused, `break` raises."""

    word: str


class Noted(Shape):
    """What was noted, and who noted it; `topics` are all there are."""

    word: str
    by: int
    topics: int = 0


class Notes:
    """The command under test: a note is a row, so that a rollback is seen. `sizes` are those of its batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.may_run = threading.Event()
        self.may_run.set()
        self.runs = threading.Semaphore(0)

    def one(self, user: User, body: Note, at: datetime) -> Noted:
        Topic.objects.create(name=f"note.{body.word}", head=1, moved_at=at)
        if body.word == "break":
            raise RuntimeError("nobody foresaw this")
        if body.word == "no":
            raise NotToday
        return Noted(word=body.word, by=user.volunteer.number)

    def read(self, calls: Sequence[Call]) -> list[Noted | Refusal]:
        """Return the notes there are by now; whoever has no account any more may read none."""
        count = Topic.objects.filter(name__startswith="note.").count()
        return [
            Noted(word=call.body.word, by=call.user.volunteer.number, topics=count)
            if call.user.is_active
            else NotFound()
            for call in calls
        ]

    def many(self, calls: Sequence[Call]) -> list[Noted | Refusal]:
        self.sizes.append(len(calls))
        self.runs.release()
        assert self.may_run.wait(10)
        refused = [call.body.word == "no" for call in calls]
        return [
            NotToday() if no else self.one(call.user, call.body, call.at)
            for no, call in zip(refused, calls, strict=True)
        ]


@pytest.fixture
def notes() -> Iterator[Notes]:
    notes = Notes()
    registry.commands[TYPE] = Command(TYPE, Note, Noted, notes.one, notes.read, notes.many)
    yield notes
    del registry.commands[TYPE]


@pytest.fixture
def crowd(formation: Formation, make_volunteer: MakeVolunteer) -> list[User]:
    return [make_volunteer(formation.squadron_a).user for _ in range(6)]


def sent(user: User, word: str, key: UUID | None = None, type: str = TYPE, **body: Any) -> Sent:
    principal = Principal(user.volunteer.number, user.pk, uuid4(), None)
    return Sent(principal, CommandFrame(type=type, id=1, key=key or uuid7(), body={"word": word, **body}), AT)


def word_of(outcome: Any) -> str | None:
    """Return the word that was noted, or None of a refusal."""
    return outcome.result["word"] if isinstance(outcome, Outcome) else None


def noted() -> set[str]:
    return {
        name[5:] for name in Topic.objects.filter(name__startswith="note.").values_list("name", flat=True)
    }


# --- together -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_commands_run_together_and_each_gets_its_own_result(notes: Notes, crowd: list[User]) -> None:
    batch = [sent(user, f"word{n}") for n, user in enumerate(crowd)]

    results = run_commands(batch)

    assert results == [
        Outcome({"word": f"word{n}", "by": user.volunteer.number, "topics": 0})
        for n, user in enumerate(crowd)
    ]
    assert notes.sizes == [6]
    assert {row.key for row in KeyedAct.objects.all()} == {one.frame.key for one in batch}


@pytest.mark.django_db
def test_refused_commands_harm_no_other_and_leave_no_key(notes: Notes, crowd: list[User]) -> None:
    keyless = Sent(sent(crowd[0], "a").principal, CommandFrame(type=TYPE, id=1, body={"word": "a"}), AT)
    batch = [
        sent(crowd[0], "a"),
        sent(crowd[1], "no"),
        keyless,
        sent(crowd[2], "b", more=1),
        sent(crowd[3], "b"),
    ]

    results = run_commands(batch)

    assert [word_of(result) or type(result).__name__ for result in results] == [
        "a", "NotToday", "KeyMissing", "Invalid", "b",
    ]  # fmt: skip
    assert noted() == {"a", "b"}
    assert set(KeyedAct.objects.values_list("person", flat=True)) == {
        user.volunteer.number for user in (crowd[0], crowd[3])
    }


@pytest.mark.django_db
def test_same_key_does_nothing_again_in_a_later_batch_and_in_the_same(
    notes: Notes, crowd: list[User]
) -> None:
    key, twice_key = uuid7(), uuid7()
    run_commands([sent(crowd[0], "a", key), sent(crowd[1], "b")])

    later = run_commands([sent(crowd[0], "a", key), sent(crowd[1], "d"), sent(crowd[2], "e", key)])
    twice = run_commands(
        [sent(crowd[0], "f", twice_key), sent(crowd[3], "g"), sent(crowd[0], "f", twice_key)]
    )

    by = crowd[0].volunteer.number
    assert later[0] == Outcome({"word": "a", "by": by, "topics": 4}, replayed=True)
    assert [outcome.replayed for outcome in (*later[1:], *twice)] == [False, False, False, False, True]
    assert noted() == {"a", "b", "d", "e", "f", "g"}, "another's key is not one's own"


@pytest.mark.django_db
def test_same_key_with_another_body_is_refused_and_nothing_is_done(notes: Notes, crowd: list[User]) -> None:
    key, twice_key = uuid7(), uuid7()
    run_commands([sent(crowd[0], "a", key)])

    later = run_commands([sent(crowd[0], "b", key), sent(crowd[1], "c")])
    twice = run_commands(
        [sent(crowd[2], "d", twice_key), sent(crowd[3], "e"), sent(crowd[2], "f", twice_key)]
    )

    assert [type(one).__name__ for one in (later[0], twice[2])] == ["KeyUsedOtherwise"] * 2
    assert noted() == {"a", "c", "d", "e"}


@pytest.mark.django_db
def test_rights_are_asked_anew_of_whoever_repeats(notes: Notes, crowd: list[User]) -> None:
    key = uuid7()
    run_commands([sent(crowd[0], "a", key)])
    User.objects.filter(pk=crowd[0].pk).update(is_active=False)

    refused, done = run_commands([sent(crowd[0], "a", key), sent(crowd[1], "b")])

    assert isinstance(refused, NotFound)
    assert word_of(done) == "b"


@pytest.mark.django_db
def test_a_key_whose_act_was_refused_is_free(notes: Notes, crowd: list[User]) -> None:
    key = uuid7()
    (refused, _) = run_commands([sent(crowd[0], "no", key), sent(crowd[1], "b")])

    done = run_commands([sent(crowd[0], "a", key), sent(crowd[1], "c")])

    assert isinstance(refused, NotToday)
    assert [word_of(one) for one in done] == ["a", "c"]


@pytest.mark.django_db
def test_key_of_another_kind_of_command_is_refused(notes: Notes, crowd: list[User]) -> None:
    key = uuid7()
    duty = Sent(
        sent(crowd[0], "").principal, CommandFrame(type="duty.set", id=1, key=key, body={"on": False}), AT
    )
    services.run_command(duty.principal, duty.frame, at=AT)

    refused, done = run_commands([sent(crowd[0], "a", key), sent(crowd[1], "b")])

    assert isinstance(refused, KeyUsedOtherwise)
    assert word_of(done) == "b"
    assert noted() == {"b"}


@pytest.mark.django_db
def test_an_unforeseen_error_stays_with_the_command_that_raised_it(notes: Notes, crowd: list[User]) -> None:
    words = ["a", "b", "break", "c", "d", "no"]

    results = run_commands([sent(user, word) for user, word in zip(crowd, words, strict=True)])

    assert [word_of(result) or type(result) for result in results] == [
        "a", "b", RuntimeError, "c", "d", NotToday,
    ]  # fmt: skip
    assert noted() == {"a", "b", "c", "d"}
    assert KeyedAct.objects.count() == 4


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
async def test_a_batch_whose_connection_dies_is_done_all_the_same(notes: Notes, crowd: list[User]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    many, died = notes.many, threading.Event()

    def die_first(calls: Sequence[Call]) -> Any:
        if not died.is_set():
            died.set()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return many(calls)

    registry.commands[TYPE] = Command(TYPE, Note, Noted, notes.one, notes.read, die_first)

    results = await in_thread(run_commands, [sent(user, f"w{n}") for n, user in enumerate(crowd)])
    await release_connections()

    assert [word_of(result) for result in results] == [f"w{n}" for n in range(6)]
    assert sum(notes.sizes) == 6


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_keys_in_two_batches_at_once_are_done_once(
    notes: Notes, crowd: list[User], race: Callable[..., list[Any]]
) -> None:
    keys = [uuid7() for _ in crowd]

    def batch(order: Sequence[int]) -> Callable[[], list[Any]]:
        return lambda: run_commands([sent(crowd[n], f"w{n}", keys[n]) for n in order])

    ups, downs = race(batch(range(6)), batch(range(5, -1, -1)))

    assert (
        [word_of(one) for one in ups] == [word_of(one) for one in downs[::-1]] == [f"w{n}" for n in range(6)]
    )
    assert [one.replayed + other.replayed for one, other in zip(ups, downs[::-1], strict=True)] == [1] * 6


# --- collected ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def collector(transactional_db: None) -> AsyncIterator[batches.Collector]:
    """Return a collector of its own; the threads' connections are closed at the end."""
    yield batches.Collector()
    await release_connections()


async def started(notes: Notes) -> None:
    """Wait until a batch runs."""
    assert await asyncio.to_thread(notes.runs.acquire, timeout=10)


async def test_while_a_batch_runs_the_next_collects_up_to_its_size(
    collector: batches.Collector, notes: Notes, crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST", 4)
    notes.may_run.clear()
    first = [asyncio.ensure_future(collector.run(sent(user, f"a{n}"))) for n, user in enumerate(crowd[:3])]
    await started(notes)
    later = [asyncio.ensure_future(collector.run(sent(user, f"b{n}"))) for n, user in enumerate(crowd)]
    await asyncio.sleep(0)

    notes.may_run.set()
    results = await asyncio.gather(*first, *later)

    assert [word_of(result) for result in results] == [f"a{n}" for n in range(3)] + [
        f"b{n}" for n in range(6)
    ]
    assert notes.sizes == [3, 4, 2]


async def test_a_command_after_a_batch_waits_for_company_no_longer_than_it_should(
    collector: batches.Collector, notes: Notes, crowd: list[User]
) -> None:
    notes.may_run.clear()
    first = asyncio.gather(*(collector.run(sent(user, f"a{n}")) for n, user in enumerate(crowd[:2])))
    await started(notes)
    alone = asyncio.ensure_future(collector.run(sent(crowd[2], "b")))
    await asyncio.sleep(0)

    notes.may_run.set()
    await first

    assert word_of(await asyncio.wait_for(alone, 5)) == "b"


async def test_the_queue_of_a_process_is_bounded(
    collector: batches.Collector, notes: Notes, crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_WAITING", 2)
    notes.may_run.clear()
    first = [asyncio.ensure_future(collector.run(sent(user, f"a{n}"))) for n, user in enumerate(crowd[:2])]
    await started(notes)
    waiting = [asyncio.ensure_future(collector.run(sent(user, f"b{n}"))) for n, user in enumerate(crowd[:2])]
    await asyncio.sleep(0)

    with pytest.raises(TooMany):
        await collector.run(sent(crowd[2], "c"))

    notes.may_run.set()
    assert len(await asyncio.gather(*first, *waiting)) == 4


async def test_a_socket_that_goes_leaves_the_others_alone(
    collector: batches.Collector, notes: Notes, crowd: list[User]
) -> None:
    notes.may_run.clear()
    going, staying = (asyncio.ensure_future(collector.run(sent(crowd[n], f"a{n}"))) for n in range(2))
    await started(notes)

    going.cancel()
    notes.may_run.set()

    assert word_of(await staying) == "a1"
    assert await asyncio.to_thread(noted) == {"a0", "a1"}


@pytest.mark.django_db(transaction=True)
async def test_sockets_that_send_at_once_are_answered_each_with_its_own(
    connect: Connect, notes: Notes, crowd: list[User]
) -> None:
    sockets = [await connect(user) for user in crowd]

    replies = await asyncio.gather(
        *(socket.command(TYPE, {"word": f"w{n}"}) for n, socket in enumerate(sockets))
    )
    again = await asyncio.gather(
        *(socket.command(TYPE, {"word": "no" if n % 2 else f"x{n}"}) for n, socket in enumerate(sockets))
    )

    assert [reply["result"]["word"] for reply in replies] == [f"w{n}" for n in range(6)]
    assert [reply.get("problem", {}).get("type") for reply in again] == [None, "/problems/not-today"] * 3
    assert len(notes.sizes) < 12, "none came together"
