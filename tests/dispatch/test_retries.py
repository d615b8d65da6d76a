"""Two devices act and repeat over both doors, in any order: it ends as if nobody had repeated anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import services
from backend.dispatch.models import Assignment, Task
from backend.dispatch.services import progress
from backend.lib.errors import Refusal
from backend.realtime.frames import CommandFrame
from backend.realtime.models import Event, KeyedAct
from backend.realtime.registry import Principal
from backend.realtime.services import Outcome, run_command
from backend.realtime.socket.batches import Sent, run_commands
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient
from tests.dispatch.conftest import Ask, MakeTask
from tests.lock_order import block_of_test

ClientOf = Callable[[User], SignedInClient]
View = Literal["rest", "socket", "batch"]
ANSWER, DUTY = "assignment.answer", "duty.set"


@dataclass(frozen=True)
class Act:
    """What a person means: the command, its body, and the key that was made when they pressed the button."""

    by: Volunteer
    type: str
    body: dict[str, Any]
    key: UUID


@dataclass(frozen=True)
class Told:
    """What a device is told: the status of its part or of its duty, or the refusal; and whether it was a repetition."""

    status: str
    replayed: bool


class Phones:
    """The devices of some people, which reach both doors."""

    def __init__(self, client_of: ClientOf, people: Sequence[Volunteer]) -> None:
        self._clients = {person.pk: client_of(person.user) for person in people}

    def send(self, act: Act, door: View) -> Told:
        """Send an act through a door; a batch has it twice."""
        if door == "rest":
            return self._rest(act)
        frame = CommandFrame(type=act.type, id=1, key=act.key, body=act.body)
        principal = Principal(act.by.number, act.by.user_id, uuid7(), None)
        at = datetime.now(UTC)
        if door == "batch" and act.type == ANSWER:
            first, second = run_commands([Sent(principal, frame, at)] * 2)
            assert isinstance(second, Refusal) or second.replayed
            return _told(first)
        try:
            return _told(run_command(principal, frame, at=at))
        except Refusal as refusal:
            return _told(refusal)

    def _rest(self, act: Act) -> Told:
        method, path, body = "PUT", "me/duty", act.body
        if act.type == ANSWER:
            method, path = "POST", f"tasks/{act.body['task']}/answer"
            body = {name: value for name, value in act.body.items() if name != "task"}
        client = self._clients[act.by.pk]
        send = client.post if method == "POST" else client.put
        headers = {"Idempotency-Key": str(act.key)}
        answer = send(f"/api/v1/{path}", body, format="json", headers=headers)
        told = answer.json()
        status = told["type"].removeprefix("/problems/") if answer.status_code >= 400 else _status(told)
        return Told(status, "Idempotency-Replayed" in answer)


def _told(outcome: Outcome | Refusal) -> Told:
    if isinstance(outcome, Refusal):
        return Told(outcome.slug, replayed=False)
    return Told(_status(outcome.result), outcome.replayed)


def _status(result: dict[str, Any]) -> str:
    return str(result.get("status", result.get("on")))


def standing(act: Act) -> str:
    """Return what the act was about, as the database has it now."""
    if act.type == DUTY:
        return str(Volunteer.objects.get(pk=act.by.pk).duty_since is not None)
    return Assignment.objects.get(volunteer=act.by, task=act.body["task"]).status


def whole() -> Any:
    """Return everything that acts have done: states, what the record says, what was announced."""
    return (
        list(Assignment.objects.order_by("pk").values_list("status", "reason")),
        list(Task.objects.order_by("pk").values_list("accepted", "status")),
        [person.duty_since is not None for person in Volunteer.objects.order_by("pk")],
        list(Entry.objects.order_by("pk").values_list("act", "subject")),
        list(Event.objects.order_by("pk").values_list("topic", "type")),
    )


@pytest.fixture
def asked(
    make_task: MakeTask, ask: Ask, make_volunteer: MakeVolunteer, formation: Formation
) -> tuple[Task, list[Volunteer]]:
    """Return a task with one place, and two people who were asked."""
    people = [make_volunteer(formation.squadron_a) for _ in range(2)]
    task = make_task(headcount=1)
    ask(task)
    return task, people


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "accept": (ANSWER, {"answer": "accept", "eta_min": 5}),
    "decline": (ANSWER, {"answer": "decline", "reason": "ill"}),
    "on": (DUTY, {"on": True}),
    "off": (DUTY, {"on": False}),
}
CANCEL = -1
"""Stands for the leader's calling the task off."""


@dataclass(frozen=True)
class Play:
    """Acts that two people mean, and what becomes of them."""

    task: Task
    phones: Phones
    cancel: Callable[[], Any]
    acts: Sequence[Act]

    def alone(self, order: Sequence[int]) -> Any:
        """Play each act once, in the order in which they come first; returns everything they did."""
        with block_of_test():
            for index in dict.fromkeys(order):
                if index == CANCEL:
                    self.cancel()
                else:
                    self.phones.send(self.acts[index], "socket")
            reached = whole()
            transaction.set_rollback(True)
        return reached

    def repeated(self, deliveries: Sequence[tuple[int, View]]) -> Any:
        """Play acts and repetitions through the doors; each is told how things stand."""
        done: set[int] = set()
        with block_of_test():
            for index, door in deliveries:
                if index == CANCEL:
                    self.cancel()
                    continue
                told = self.phones.send(self.acts[index], door)
                if told.status != "task-over":  # it came too late, and has done nothing
                    assert told == Told(standing(self.acts[index]), replayed=index in done)
                    done.add(index)
            reached = whole()
            transaction.set_rollback(True)
        return reached


def test_any_acts_and_repetitions_over_both_doors_end_as_the_acts_alone(
    asked: tuple[Task, list[Volunteer]],
    commander: User,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Progress is told at most twice a second: how often would depend on how quick the machine is.
    monkeypatch.setattr(progress, "AT_MOST_EVERY", timedelta(days=-1))
    task, people = asked
    phones = Phones(client_of, people)
    meant = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([*KINDS])), min_size=1, max_size=6)
    deliveries = st.lists(
        st.tuples(st.integers(CANCEL, 5), st.sampled_from(["rest", "socket", "batch"])), max_size=14
    )

    def cancel() -> None:
        services.cancel_task(task_id=task.pk, reason="", by=commander, at=datetime.now(UTC))

    def act(who: int, kind: str) -> Act:
        type, body = KINDS[kind]
        return Act(people[who], type, {"task": str(task.pk), **body} if type == ANSWER else body, uuid7())

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(meant=meant, deliveries=deliveries)
    def check(meant: list[tuple[int, str]], deliveries: list[tuple[int, View]]) -> None:
        play = Play(task, phones, cancel, [act(who, kind) for who, kind in meant])
        known = [(index % len(meant) if index >= 0 else CANCEL, door) for index, door in deliveries]

        assert play.repeated(known) == play.alone([index for index, _ in known])

    check()


DOORS = pytest.mark.parametrize("door", ["rest", "socket", "batch"])


@DOORS
def test_a_retry_of_an_answer_does_not_overturn_the_one_given_since(
    asked: tuple[Task, list[Volunteer]], client_of: ClientOf, door: View
) -> None:
    task, people = asked
    old, new = Phones(client_of, people), Phones(client_of, people)
    accept = Act(people[0], ANSWER, {"task": str(task.pk), "answer": "accept"}, uuid7())
    assert old.send(accept, "rest") == Told("accepted", replayed=False)
    new.send(Act(people[0], ANSWER, {"task": str(task.pk), "answer": "decline"}, uuid7()), "rest")

    assert old.send(accept, door) == Told("declined", replayed=True)
    assert standing(accept) == "declined"


@pytest.mark.parametrize("first", ["rest", "socket"])
@DOORS
def test_a_key_that_accepted_one_task_accepts_no_other_and_declines_nothing(
    asked: tuple[Task, list[Volunteer]],
    make_task: MakeTask,
    ask: Ask,
    client_of: ClientOf,
    first: View,
    door: View,
) -> None:
    (task, people), other, key = asked, make_task(), uuid7()
    ask(other)
    phones = Phones(client_of, people)
    accept = Act(people[0], ANSWER, {"task": str(task.pk), "answer": "accept"}, key)
    phones.send(accept, first)

    for body in ({"task": str(other.pk), "answer": "accept"}, {"task": str(task.pk), "answer": "decline"}):
        told = phones.send(Act(people[0], ANSWER, body, key), door)
        assert told == Told("key-used-otherwise", replayed=False)
    assert standing(accept) == "accepted"
    assert Assignment.objects.get(volunteer=people[0], task=other).status == "offered"


def test_a_refused_answer_leaves_its_key_free(
    asked: tuple[Task, list[Volunteer]], make_task: MakeTask, ask: Ask, client_of: ClientOf
) -> None:
    _, people = asked
    dangerous, key = make_task(category="rescue"), uuid7()
    ask(dangerous)
    phones = Phones(client_of, people)
    body = {"task": str(dangerous.pk), "answer": "accept"}

    refused = phones.send(Act(people[0], ANSWER, body, key), "rest")
    done = phones.send(Act(people[0], ANSWER, {**body, "risk_acknowledged": True}, key), "socket")

    assert (refused.status, done) == ("risk-not-acknowledged", Told("accepted", replayed=False))
    assert KeyedAct.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_answer_over_all_doors_at_once_is_one_answer(
    asked: tuple[Task, list[Volunteer]], client_of: ClientOf, race: Race
) -> None:
    task, people = asked
    phones = Phones(client_of, people)
    accept = Act(people[0], ANSWER, {"task": str(task.pk), "answer": "accept"}, uuid7())

    told = race(*[lambda door=door: phones.send(accept, door) for door in ("rest", "socket", "batch") * 3])

    assert [one.status for one in told] == ["accepted"] * 9
    assert sum(not one.replayed for one in told) == 1
    assert Entry.objects.filter(act="assignment.accepted").count() == 1
