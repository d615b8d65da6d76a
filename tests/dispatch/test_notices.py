"""The last event that concerns a volunteer: whether it has come, and who is to be phoned because it has not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.dispatch import due, queries, services
from backend.dispatch.models import Assignment, LegalBasis, Notice, Task
from backend.dispatch.schemas import AnswerIn, LegalBasisIn, Progress, Recipient
from backend.realtime.models import Event, Receipt, Topic
from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.services.life_numbers import give_life_number
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.standing import reinstate, suspend
from backend.volunteers.services.units import merge_units
from tests.conftest import Formation, MakeVolunteer, SignedInClient
from tests.dispatch.conftest import Ask, MakeTask, Reply

ClientOf = Callable[[User], SignedInClient]


def hear(person: Volunteer, *, seen: bool = False, at: datetime) -> None:
    """Have the person's phone receive everything that there is in its topics."""
    person = Volunteer.objects.get(pk=person.pk)
    paths = Membership.objects.filter(volunteer=person).values_list("unit__path", flat=True)
    line = [unit.topic for unit in Unit.objects.all() if any(path.startswith(unit.path) for path in paths)]
    for topic in Topic.objects.filter(name__in=[person.topic, *line]):
        defaults = {"delivered": topic.head, "seen": topic.head if seen else 0, "at": at}
        Receipt.objects.update_or_create(topic=topic.name, person=person.number, defaults=defaults)


def lines(task: Task, **chosen: Any) -> list[Recipient]:
    return queries.recipients(task, at=task.created_at, **chosen).items


def line_of(task: Task, person: Volunteer) -> Recipient:
    (found,) = [line for line in lines(task) if int(line.volunteer) == person.number]
    return found


def to_phone(task: Task) -> list[int]:
    return [int(line.volunteer) for line in lines(task, state="not_reached")]


def progress(task: Task) -> Progress:
    return queries.progress_of([task])[task.pk]


@pytest.fixture
def answered(
    make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer], at: datetime
) -> tuple[Task, list[Volunteer]]:
    """Make a task of one place: accepted, reserve, declined, silent; their phones have received all there was."""
    task = make_task(headcount=1)
    ask(task)
    for person, answer in zip(people, ["accept", "accept", "decline"], strict=False):
        reply(task, person, answer)
    for person in people:
        hear(person, seen=True, at=at)
    assert to_phone(task) == []
    return Task.objects.get(pk=task.pk), people


Answered = tuple[Task, list[Volunteer]]


def cancel(task: Task, by: User, at: datetime) -> None:
    services.cancel_task(task_id=task.pk, reason="the bridge is closed", by=by, at=at)


def test_after_a_cancellation_who_had_accepted_and_has_not_heard_comes_first_with_the_whole_phone(
    answered: Answered, commander: User, at: datetime
) -> None:
    task, (accepted, reserve, declined, silent) = answered

    cancel(task, commander, at)

    assert to_phone(task) == [accepted.number, reserve.number, silent.number]
    first = lines(task)[0]
    assert (first.volunteer, first.phone) == (f"{accepted.number:08d}", accepted.user.phone)
    assert (first.state, first.before, first.told) == ("withdrawn", "accepted", "task.cancelled")
    assert (first.delivered, first.seen, first.not_reached, first.told_at) == (False, False, True, at)
    assert [line.before for line in lines(task, state="not_reached")] == ["accepted", "reserve", "offered"]
    untouched = line_of(task, declined)
    assert (untouched.told, untouched.delivered, untouched.not_reached) == ("task.called", True, False)
    found = progress(task)
    assert (found.withdrawn, found.not_reached, found.accepted_not_reached) == (3, 3, 1)
    assert (found.delivered, found.seen) == (1, 1)


def test_whoever_hears_of_the_cancellation_leaves_the_list_to_phone(
    answered: Answered, commander: User, at: datetime
) -> None:
    task, (accepted, reserve, _, silent) = answered
    cancel(task, commander, at)

    hear(accepted, at=at)

    assert to_phone(task) == [reserve.number, silent.number]
    heard = line_of(task, accepted)
    assert (heard.delivered, heard.seen, "*" in heard.phone) == (True, False, True)
    assert progress(task).accepted_not_reached == 0


def test_a_phone_that_has_neither_the_offer_nor_its_cancellation_is_on_the_list(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], commander: User, at: datetime
) -> None:
    task = make_task()
    ask(task)
    cancel(task, commander, at)

    assert to_phone(task) == sorted(person.number for person in people)
    assert {line.before for line in lines(task)} == {"offered"}


@pytest.mark.parametrize("basis", ["vital_interests", None])
def test_a_legal_basis_has_to_reach_those_it_concerns(
    answered: Answered, commander: User, at: datetime, basis: Any
) -> None:
    task, (accepted, reserve, declined, silent) = answered
    reason = "a child is missing"

    def name(legal_basis: Any) -> None:
        wanted = LegalBasisIn(legal_basis=legal_basis, reason=reason)
        services.name_legal_basis(task_id=task.pk, wanted=wanted, by=commander, at=at)

    name("vital_interests")
    if basis is None:
        for person in (accepted, reserve, silent):
            hear(person, at=at)
        name(None)

    assert to_phone(task) == [accepted.number, reserve.number, silent.number]
    top = lines(task)[0]
    assert (top.state, top.before, top.told) == ("accepted", None, "task.legal_basis_named")
    assert top.phone == accepted.user.phone
    assert not line_of(task, declined).not_reached
    assert line_of(task, silent).state == "not_reached"


def test_an_answer_given_since_is_no_receipt_of_a_legal_basis(
    answered: Answered, reply: Reply, commander: User, at: datetime
) -> None:
    task, (*_, silent) = answered
    wanted = LegalBasisIn(legal_basis=LegalBasis.VITAL_INTERESTS, reason="a child is missing")
    services.name_legal_basis(task_id=task.pk, wanted=wanted, by=commander, at=at)

    reply(task, silent, "accept")

    assert silent.number in to_phone(task)
    reply(task, silent, "decline")
    assert silent.number not in to_phone(task)


def test_the_end_of_the_time_to_answer_has_to_reach_those_it_concerns(answered: Answered) -> None:
    task, (accepted, reserve, declined, silent) = answered

    assert due.close_tasks(at=task.answer_by) == 1

    assert to_phone(task) == [accepted.number, reserve.number, silent.number]
    late = line_of(task, silent)
    assert (late.state, late.before, late.told) == ("expired", "offered", "task.closed")
    assert (line_of(task, accepted).state, line_of(task, accepted).before) == ("accepted", None)
    assert not line_of(task, declined).not_reached


def test_whoever_moves_up_from_the_reserve_has_to_hear_of_it(
    answered: Answered, reply: Reply, at: datetime
) -> None:
    task, (accepted, reserve, *_) = answered

    reply(task, accepted, "decline")

    assert to_phone(task) == [reserve.number]
    top = lines(task)[0]
    assert (top.state, top.before, top.told) == ("accepted", "reserve", "assignment.changed")
    assert top.phone == reserve.user.phone
    hear(reserve, at=at)
    assert to_phone(task) == []


def test_whoever_moved_up_and_answers_from_another_phone_has_heard_of_it(
    answered: Answered, reply: Reply
) -> None:
    task, (accepted, reserve, *_) = answered
    reply(task, accepted, "decline")

    reply(task, reserve, "decline")

    assert to_phone(task) == []
    assert line_of(task, reserve).before is None


def test_whoever_was_suspended_on_a_task_has_to_hear_that_the_place_is_gone(
    answered: Answered, leader: User, reply: Reply, at: datetime
) -> None:
    task, (accepted, reserve, *_) = answered
    number = f"{accepted.number:08d}"
    suspend(number=number, reason="rest", by=leader, at=at)

    assert due.give_back_places(at=at + timedelta(seconds=10)) == 1

    assert to_phone(task) == [min(accepted, reserve, key=_n).number, max(accepted, reserve, key=_n).number]
    gone = line_of(task, accepted)
    assert (gone.state, gone.before, gone.told) == ("declined", "accepted", "assignment.changed")
    reinstate(number=number, by=leader, at=at)
    assert reply(task, accepted, "accept") == "reserve"
    assert to_phone(task) == [reserve.number]


def _n(person: Volunteer) -> int:
    return person.number


def test_whoever_has_left_the_unit_is_reached_on_their_own_topic(
    answered: Answered, formation: Formation, commander: User, at: datetime
) -> None:
    task, (accepted, *_) = answered
    leave_unit(number=f"{accepted.number:08d}", unit=formation.squadron_a, by=commander, at=at)
    cancel(task, commander, at)
    for topic in Topic.objects.filter(name__startswith="unit."):
        Receipt.objects.filter(topic=topic.name, person=accepted.number).update(delivered=topic.head)

    assert to_phone(task)[0] == accepted.number
    (told,) = Notice.objects.filter(topic=accepted.topic)
    event = Event.objects.get(topic_id=accepted.topic, type="task.cancelled")
    assert (told.event, told.seq) == ("task.cancelled", event.seq)
    hear(accepted, at=at)
    assert accepted.number not in to_phone(task)


def test_everybody_of_a_merged_unit_is_reached_on_their_own_topics(
    answered: Answered, formation: Formation, commander: User, at: datetime
) -> None:
    task, (accepted, reserve, declined, silent) = answered
    Task.objects.filter(pk=task.pk).update(unit=formation.squadron_a)
    Notice.objects.filter(task=task).update(unit=formation.squadron_a, topic=formation.squadron_a.topic)
    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at)

    cancel(task, commander, at)

    assert to_phone(task) == [accepted.number, reserve.number, silent.number]
    for person in (accepted, silent):
        hear(person, at=at)
    assert to_phone(task) == [reserve.number]
    assert not Notice.objects.filter(topic=declined.topic).exists()


def test_whoever_answered_without_a_receipt_has_heard_of_the_offer(
    make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer]
) -> None:
    task = make_task(headcount=1)
    ask(task)
    for person, answer in zip(people, ["accept", "accept", "decline"], strict=False):
        reply(task, person, answer)

    assert to_phone(task) == [people[3].number]
    assert not any(line.delivered for line in lines(task))


def test_a_second_call_out_leaves_the_first_as_it_was(
    answered: Answered, ask: Ask, make_volunteer: MakeVolunteer, formation: Formation
) -> None:
    task, _ = answered
    late = make_volunteer(formation.squadron_b)

    ask(task)

    assert to_phone(task) == [late.number]


def test_a_number_for_life_brings_what_was_not_heard_under_the_old_one(
    answered: Answered, leader: User, reply: Reply, at: datetime
) -> None:
    task, (accepted, reserve, *_) = answered
    Volunteer.objects.filter(pk=reserve.pk).update(number=91234567)
    reply(task, accepted, "decline")
    assert to_phone(task) == [91234567]

    after = give_life_number(number=91234567, by=leader, at=at)

    assert to_phone(task) == [after.number]
    hear(after, at=at)
    assert to_phone(task) == []


def test_the_list_to_phone_comes_in_pages_in_its_order(
    answered: Answered, commander: User, at: datetime
) -> None:
    task, people = answered
    cancel(task, commander, at)
    in_one = [line.volunteer for line in lines(task)]
    found: list[str] = []
    after: str | None = "0"

    while after is not None:
        page = queries.recipients(task, at=task.created_at, after=int(after), limit=1)
        found += [line.volunteer for line in page.items]
        after = page.next

    assert found == in_one
    assert len(found) == len(people)


def test_rest_tells_whom_to_phone_and_takes_up_to_500_lines(
    answered: Answered, client_of: ClientOf, commander: User, at: datetime
) -> None:
    task, (accepted, *_) = answered
    address = f"/api/v1/tasks/{task.pk}"
    cancel(task, commander, at)
    client = client_of(commander)

    first = client.get(f"{address}/recipients", {"limit": 1}).json()
    rest = client.get(f"{address}/recipients", {"limit": 500, "after": first["next"]}).json()

    assert [line["phone"] for line in first["items"]] == [accepted.user.phone]
    assert (len(rest["items"]), rest["next"]) == (3, None)
    assert client.get(address).json()["progress"]["accepted_not_reached"] == 1
    for wrong in (0, 501, "many"):
        assert client.get(f"{address}/recipients", {"limit": wrong}).status_code == 422


@pytest.mark.parametrize("act", ["cancel", "close", "legal basis"])
def test_telling_everybody_takes_the_same_statements_for_one_and_for_many(
    make_task: MakeTask,
    ask: Ask,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
    act: str,
) -> None:
    wanted = LegalBasisIn(legal_basis=LegalBasis.VITAL_INTERESTS, reason="a child is missing")
    acts: dict[str, Callable[[Task], Any]] = {
        "cancel": lambda task: cancel(task, commander, at),
        "close": lambda task: services.close_task(task_id=task.pk, at=task.answer_by),
        "legal basis": lambda task: services.name_legal_basis(
            task_id=task.pk, wanted=wanted, by=commander, at=at
        ),
    }

    def statements() -> int:
        task = make_task()
        ask(task)
        with CaptureQueriesContext(connection) as captured:
            acts[act](task)
        return len(captured)

    make_volunteer(formation.squadron_a)
    with_one = statements()
    for _ in range(5):
        make_volunteer(formation.squadron_b)

    assert statements() == with_one


def test_moving_up_takes_the_same_statements_however_many_move(
    make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer]
) -> None:
    def statements(headcount: int, declining: int) -> int:
        task = make_task(headcount=headcount)
        ask(task)
        for person in people:
            reply(task, person, "accept")
        at = max(cast(datetime, part.answered_at) for part in Assignment.objects.filter(task=task))
        answers = [
            services.Answer(task.pk, AnswerIn(answer="decline"), person.user, at + timedelta(minutes=1))
            for person in people[:declining]
        ]
        with CaptureQueriesContext(connection) as captured:
            services.answer_offers(answers)
        # SQLite takes the numbers of each topic for itself.
        return sum("realtime_topic" not in query["sql"] for query in captured)

    assert statements(2, 2) == statements(1, 1)
