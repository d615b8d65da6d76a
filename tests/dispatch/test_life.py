"""The life of a task against a model of it: whatever people do in whatever order, the places are right."""

from datetime import datetime, timedelta
from types import TracebackType

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.accounts.models import User
from backend.dispatch import services
from backend.dispatch.models import Assignment, Task
from backend.dispatch.schemas import AnswerIn
from backend.lib.errors import Refusal
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.dispatch.conftest import Ask, MakeTask
from tests.lock_order import block_of_test

PEOPLE, PLACES = 6, 2
person = st.integers(0, PEOPLE - 1)


class Savepoint:
    """Undoes everything that one example did."""

    def __enter__(self) -> None:
        self.block = block_of_test()
        self.block.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)


class Life(RuleBasedStateMachine):
    """`parts` and `queue` are the model: each person's part, and the reserves in the order in which they came."""

    def __init__(self, task: Task, people: list[Volunteer], commander: User, at: datetime) -> None:
        super().__init__()
        self.task, self.people, self.commander, self.at = task, people, commander, at
        self.parts = ["offered"] * PEOPLE
        self.queue: list[int] = []
        self.status = "called"
        self.savepoint = Savepoint()
        self.savepoint.__enter__()

    def teardown(self) -> None:
        self.savepoint.__exit__(None, None, None)

    def answer(self, who: int, answer: str) -> str:
        self.at += timedelta(seconds=1)
        body = AnswerIn.model_validate({"answer": answer})
        try:
            by = self.people[who].user
            return services.answer_offer(task_id=self.task.pk, answer=body, by=by, at=self.at).status
        except Refusal as refusal:
            return refusal.slug

    @rule(who=person)
    def accept(self, who: int) -> None:
        expected = self.refusal_of(who, accepting=True)
        if expected is None and self.parts[who] not in {"accepted", "reserve"}:
            full = self.parts.count("accepted") == PLACES
            self.parts[who] = "reserve" if full else "accepted"
            if full:
                self.queue.append(who)

        assert self.answer(who, "accept") == (expected or self.parts[who])

    @rule(who=person)
    def decline(self, who: int) -> None:
        expected = self.refusal_of(who, accepting=False)
        if expected is None:
            before, self.parts[who] = self.parts[who], "declined"
            if before == "reserve":
                self.queue.remove(who)
            if before == "accepted" and self.queue:
                self.parts[self.queue.pop(0)] = "accepted"

        assert self.answer(who, "decline") == (expected or "declined")

    def refusal_of(self, who: int, *, accepting: bool) -> str | None:
        part = self.parts[who]
        repeated = part in {"accepted", "reserve"} if accepting else part == "declined"
        gives_back = not accepting and part in {"accepted", "reserve"}
        if repeated or self.status == "called":
            return None
        if self.status == "cancelled":
            return "task-over"
        return None if gives_back else "offer-expired"

    @precondition(lambda self: self.status == "called")
    @rule()
    def time_passes(self) -> None:
        self.at = max(self.at, self.task.answer_by)
        assert services.close_task(task_id=self.task.pk, at=self.at)
        self.status = "closed"
        self.parts = ["expired" if part == "offered" else part for part in self.parts]

    @rule()
    def cancel(self) -> None:
        services.cancel_task(task_id=self.task.pk, reason="", by=self.commander, at=self.at)
        self.status = "cancelled"
        live = {"offered", "accepted", "reserve"}
        self.parts = ["withdrawn" if part in live else part for part in self.parts]
        self.queue = []

    @invariant()
    def rows_are_as_the_model(self) -> None:
        rows = dict(Assignment.objects.filter(task=self.task).values_list("volunteer_id", "status"))
        assert [rows[volunteer.pk] for volunteer in self.people] == self.parts
        task = Task.objects.get(pk=self.task.pk)
        assert (task.status, task.accepted) == (self.status, self.parts.count("accepted"))

    @invariant()
    def nobody_waits_while_a_place_is_free(self) -> None:
        if "reserve" in self.parts:
            assert self.parts.count("accepted") == PLACES


def test_places_are_right_whatever_people_do(
    make_task: MakeTask,
    ask: Ask,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(PEOPLE)]
    task = make_task(headcount=PLACES)
    ask(task)

    class LifeOfThisTask(Life):
        def __init__(self) -> None:
            super().__init__(task, people, commander, at)

    run_state_machine_as_test(
        LifeOfThisTask,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
