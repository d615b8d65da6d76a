"""The states of tasks and parts: no step that is not allowed, and one edge for each moment."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from uuid6 import uuid7

from backend.accounts.schemas.sign_in import DeviceIn
from backend.dispatch import queries
from backend.dispatch.models import (
    Assignment,
    AssignmentStatus,
    Came,
    NoticeWay,
    Task,
    TaskStatus,
    around,
    columns_of,
)
from backend.dispatch.models.assignments import is_open, takes_part
from backend.dispatch.queries.progress import COUNTED
from backend.dispatch.schemas import AnswerIn, Progress, RecipientState
from backend.lib.problems import invalid
from backend.lib.shapes import Request, read_json
from backend.lib.states import IllegalChange
from backend.volunteers.models import Volunteer
from tests.dispatch.conftest import Ask, MakeTask, Reply

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOURS = timedelta(hours=12)
Act = Callable[[Assignment, datetime], Any]

TOLD = Came(notice=NoticeWay.SHOWN, notice_at=AT)
ACTS: dict[str, Act] = {
    "accept": lambda part, at: part.accept(at=at, is_full=False, eta_at=at, came=TOLD),
    "accept when full": lambda part, at: part.accept(at=at, is_full=True),
    "decline": lambda part, at: part.decline(at=at, reason="ill"),
    "give back": lambda part, at: part.give_back(at=at),
    "give back by clock": lambda part, at: part.give_back(at=at, came=None),
    "move up": lambda part, at: part.move_up(),
}
TAKING = {"accepted", "reserve"}
LEADS_TO = {
    ("offered", "accept"): "accepted",
    ("offered", "accept when full"): "reserve",
    ("offered", "decline"): "declined",
    ("declined", "accept"): "accepted",
    ("declined", "accept when full"): "reserve",
    ("accepted", "give back"): "declined",
    ("accepted", "give back by clock"): "declined",
    ("reserve", "give back"): "declined",
    ("reserve", "give back by clock"): "declined",
    ("reserve", "move up"): "accepted",
    # A place of one's own is not taken from the reserve: who waits moves up.
    ("reserve", "accept"): "accepted",
}
"""Every step that an act may do; all others are refused."""


@given(
    first=st.sampled_from(AssignmentStatus.values), acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=12)
)
def test_no_sequence_of_acts_does_a_step_that_is_not_allowed(first: str, acts: list[str]) -> None:
    part, at = Assignment(status=first), AT
    for name in acts:
        at, before = at + timedelta(seconds=1), dict(vars(part))
        allowed = LEADS_TO.get((part.status, name))
        if allowed is None:
            with pytest.raises(IllegalChange):
                ACTS[name](part, at)
            assert vars(part) == before, "a refused act changes nothing"
            continue
        ACTS[name](part, at)
        assert part.status == allowed
        assert part.takes_part == (part.status in TAKING)
        assert part.before == (before["status"] if name in ("move up", "give back by clock") else "")
        if name != "move up":
            assert part.answered_at == at
        if not part.takes_part:
            assert (part.eta_at, part.risk_acknowledged_at) == (None, None)


@given(first=st.sampled_from(TaskStatus.values), acts=st.lists(st.sampled_from(["call", "close", "cancel"])))
def test_no_sequence_brings_a_task_back(first: str, acts: list[str]) -> None:
    task, order = Task(status=first, accepted=3), ["draft", "called", "closed", "cancelled"]
    changes: dict[str, Callable[[], list[str]]] = {
        "call": task.call,
        "close": lambda: task.close(at=AT),
        "cancel": lambda: task.cancel(at=AT, reason="rain"),
    }
    for name in acts:
        before = task.status
        try:
            changed = changes[name]()
        except IllegalChange:
            assert task.status == before
            continue
        assert "status" in changed
        assert before != "cancelled"
        assert order.index(task.status) > order.index(before) or (before, task.status) == ("called", "called")
        assert (before, name) != ("draft", "close"), "nobody was asked"
        assert name != "cancel" or task.accepted == 0


def test_what_becomes_of_all_parts_of_a_task_is_allowed_for_each() -> None:
    columns_of(AssignmentStatus.after_closing())
    columns_of(AssignmentStatus.after_cancelling())
    with pytest.raises(IllegalChange):
        columns_of({AssignmentStatus.DECLINED: AssignmentStatus.WITHDRAWN})


def test_every_status_is_in_one_kind_and_is_counted() -> None:
    """A status that is added has to say whether its volunteer holds a place, takes part, or is to answer."""
    holding, taking = AssignmentStatus.holding_place(), AssignmentStatus.taking_part()
    assert holding < taking < AssignmentStatus.live()
    assert AssignmentStatus.live() - taking == AssignmentStatus.unanswered()
    assert {*COUNTED} == {*AssignmentStatus.values} - {*AssignmentStatus.unanswered()}
    assert {*COUNTED} <= {*Progress.model_fields}
    assert {state.value for state in RecipientState} == {*COUNTED, "silent", "not_reached"}


@pytest.fixture
def accepted(make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer]) -> Assignment:
    """Return an accepted part in a task that is called out."""
    task = make_task()
    ask(task)
    reply(task, people[0], "accept")
    return Assignment.objects.select_related("task").get(task=task, volunteer=people[0])


def test_a_task_is_under_way_until_it_is_over_and_not_at_that_moment(accepted: Assignment) -> None:
    over_at, mine = accepted.task.over_at, Assignment.objects.filter(pk=accepted.pk)
    assert over_at == accepted.task.starts_at + HOURS

    assert mine.taking_part(over_at - TICK).exists()
    assert not mine.taking_part(over_at).exists()
    assert Task.objects.under_way(over_at - TICK).exists()
    assert not Task.objects.under_way(over_at).exists()


@pytest.mark.parametrize("status", TaskStatus.values)
@pytest.mark.parametrize("part", AssignmentStatus.values)
def test_who_takes_part_is_told_by_the_states_of_task_and_part(
    accepted: Assignment, status: str, part: str
) -> None:
    Task.objects.update(status=status)
    Assignment.objects.filter(pk=accepted.pk).update(status=part)
    start, mine = accepted.task.starts_at, Assignment.objects.filter(pk=accepted.pk)

    counts = status in {"called", "closed"} and part in TAKING
    assert mine.taking_part(start).exists() == counts
    assert mine.filter(takes_part(start)).exists() == counts
    assert mine.open_(accepted.task.answer_by - TICK).exists() == ((status, part) == ("called", "offered"))


def test_an_offer_is_open_until_answer_by_and_not_at_that_moment(
    make_task: MakeTask, ask: Ask, people: list[Volunteer]
) -> None:
    task = make_task()
    ask(task)
    mine, answer_by = people[0].assignments, task.answer_by
    task.refresh_from_db()

    assert mine.open_(answer_by - TICK).exists()
    assert task.is_open(answer_by - TICK)
    assert not mine.open_(answer_by).exists()
    assert not mine.filter(is_open(answer_by)).exists()
    assert not task.is_open(answer_by)


def test_a_part_is_given_back_by_the_clock_until_the_task_starts(accepted: Assignment) -> None:
    start, mine = accepted.task.starts_at, Assignment.objects.filter(pk=accepted.pk)

    assert mine.open_or_yet_to_begin(start - TICK).exists()
    assert not mine.open_or_yet_to_begin(start).exists()


def test_people_are_on_a_task_as_long_before_it_starts_as_after(accepted: Assignment) -> None:
    start, mine = accepted.task.starts_at, Assignment.objects.filter(pk=accepted.pk)

    def on_it(since: datetime, until: datetime) -> bool:
        return mine.filter(around(since, until, "task__")).exists()

    assert on_it(start - HOURS, start - HOURS)
    assert not on_it(start - HOURS - TICK, start - HOURS - TICK)
    assert on_it(start + HOURS - TICK, start + HOURS - TICK)
    assert not on_it(start + HOURS, start + HOURS)
    assert on_it(start - 2 * HOURS, start + 2 * HOURS)


def test_issuers_see_a_task_through_until_it_is_over(make_task: MakeTask, accepted: Assignment) -> None:
    draft, task = make_task(), accepted.task
    late = task.over_at + timedelta(days=3)

    assert {*Task.objects.not_over(late)} == {draft, task}, (
        "what the clock has not closed takes answers, or waits"
    )
    Task.objects.filter(pk=task.pk).update(status="closed")
    assert {*Task.objects.not_over(task.over_at - TICK)} == {draft, task}
    assert {*Task.objects.not_over(task.over_at)} == {draft}


def test_the_task_on_the_wire_says_when_it_is_over(accepted: Assignment) -> None:

    assert queries.task_out(accepted.task).over_at == accepted.task.starts_at + HOURS


@pytest.mark.parametrize(
    ("shape", "content", "pointer", "detail"),
    [
        (AnswerIn, {"answer": "maybe"}, "/answer", "Input should be 'accept' or 'decline'"),
        (
            DeviceIn,
            {"id": str(uuid7()), "platform": "abacus"},
            "/platform",
            "Input should be 'android', 'ios', 'harmony', 'web' or 'other'",
        ),
    ],
)
def test_a_value_that_an_enumeration_does_not_have_is_named(
    shape: type[Request], content: dict[str, str], pointer: str, detail: str
) -> None:
    with pytest.raises(ValidationError) as wrong:
        read_json(shape, json.dumps(content))
    assert invalid(wrong.value).errors == [{"pointer": pointer, "detail": detail}]
