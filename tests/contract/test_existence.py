"""A unit that a caller may not see is answered like one that does not exist, wherever its number is named."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import services as dispatch
from backend.dispatch.models import Task
from backend.dispatch.schemas import CallOutIn, TaskIn
from backend.volunteers.number_scheme import unit_number
from tests.builders import task_body
from tests.conftest import Formation, SignedInClient

ClientOf = Callable[[User], SignedInClient]
MISSING = unit_number(7, 26, 1, 998)


@pytest.fixture
def task(leader: User, volunteer: User, formation: Formation, at: datetime) -> Task:
    """Make a task of squadron A for which its member was asked."""
    made = dispatch.create_task(
        wanted=TaskIn.model_validate(task_body(formation.squadron_a.number, at)), by=leader, at=at
    )
    called = CallOutIn(id=uuid7(), units=[formation.squadron_a.number])
    dispatch.call_out(task_id=made.pk, wanted=called, by=leader, at=at)
    return made


Ask = Callable[[SignedInClient, str], Any]


@pytest.fixture(
    params=[
        *("progress within", "tasks of", "task for", "call out", "sub-unit of", "move below", "merge into"),
        *("primary unit", "leave", "roster of", "posts of", "transfer from"),
    ]
)
def ask(
    request: pytest.FixtureRequest, task: Task, volunteer: User, formation: Formation, at: datetime
) -> Ask:
    """Return each request that names a unit, in its address, its query or its body."""
    own, member = formation.squadron_a.number, f"{volunteer.volunteer.number:08d}"

    def sent(method: str, address: str, body: Callable[[str], Any] | None = None) -> Ask:
        def act(client: SignedInClient, unit: str) -> Any:
            content = body(unit) if body else None
            return getattr(client, method)(f"/api/v1/{address.format(unit=unit)}", content, format="json")

        return act

    def read(address: str) -> Ask:
        return lambda client, unit: client.get(f"/api/v1/{address.format(unit=unit)}")

    return {
        "progress within": read(f"tasks/{task.pk}/units?parent={{unit}}"),
        "tasks of": read("tasks?unit={unit}"),
        "roster of": read("units/{unit}/roster"),
        "posts of": read("units/{unit}/posts"),
        "task for": sent(
            "post", "tasks", lambda unit: task_body(formation.squadron_a.number, at) | {"unit": unit}
        ),
        "call out": sent(
            "post", f"tasks/{task.pk}/call-outs", lambda unit: {"id": str(uuid7()), "units": [own, unit]}
        ),
        "sub-unit of": sent("post", "units", lambda unit: {"parent": unit, "name": "x"}),
        "move below": sent("post", f"units/{own}/move", lambda unit: {"parent": unit}),
        "merge into": sent("post", f"units/{own}/merge", lambda unit: {"successor": unit}),
        "primary unit": sent("put", f"volunteers/{member}/primary-unit", lambda unit: {"unit": unit}),
        "leave": sent("delete", f"volunteers/{member}/units/{{unit}}"),
        "transfer from": sent(
            "post",
            "transfers",
            lambda unit: {"id": str(uuid7()), "volunteer": member, "from_unit": unit, "to_unit": own},
        ),
    }[request.param]


def test_a_unit_beside_and_one_that_is_not_there_are_answered_alike(
    ask: Ask, leader: User, formation: Formation, client_of: ClientOf
) -> None:
    client = client_of(leader)
    numbers = [
        MISSING,
        *(unit.number for unit in (formation.squadron_b, formation.squadron_c, formation.other_brigade)),
    ]

    answers = [ask(client, number) for number in numbers]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content for answer in answers}) == 1


def test_the_progress_of_one_s_own_line_and_of_those_asked_is_shown(
    task: Task, leader: User, commander: User, formation: Formation, client_of: ClientOf
) -> None:
    for user in (leader, commander):
        for unit in (formation.squadron_a, formation.brigade, formation.headquarters):
            answer = client_of(user).get(f"/api/v1/tasks/{task.pk}/units?parent={unit.number}")
            assert (answer.status_code, len(answer.json())) == (200, 1)
    assert (
        client_of(commander).get(f"/api/v1/tasks/{task.pk}/units?parent={formation.squadron_c.number}").json()
        == []
    )
