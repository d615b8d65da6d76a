"""The REST doors to tasks, and who stands before them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from uuid6 import uuid7

from backend.accounts.models import User
from backend.config.urls import v1
from backend.dispatch import queries
from backend.dispatch.models import Task
from backend.dispatch.schemas import TaskIn
from backend.volunteers.models import Volunteer
from backend.volunteers.number_scheme import format_unit_number
from tests.conftest import Formation, SignedInClient
from tests.dispatch.conftest import Ask, MakeTask, Reply

ClientOf = Callable[[User], SignedInClient]


def test_a_task_is_made_called_answered_followed_and_cancelled(
    client_of: ClientOf,
    wanted: Callable[..., TaskIn],
    formation: Formation,
    commander: User,
    volunteer: User,
) -> None:
    office, phone = client_of(commander), client_of(volunteer)
    body = wanted(unit=format_unit_number(formation.detachment.number)).model_dump(mode="json")

    made = office.post("/api/v1/tasks", body, format="json")
    again = office.post("/api/v1/tasks", body, format="json")
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert (made.json()["id"], made.json()["status"]) == (body["id"], "draft")
    assert made.json()["unit"]["parent"] == formation.corps.number
    task = f"/api/v1/tasks/{body['id']}"

    call_out = {"id": str(uuid7()), "units": [format_unit_number(formation.squadron_a.number)]}
    called = office.post(f"{task}/call-outs", call_out, format="json")
    again = office.post(f"{task}/call-outs", call_out, format="json")
    assert (called.status_code, again.status_code) == (201, 200)
    assert called.json() == again.json()
    assert called.json() == called.json() | {"id": call_out["id"], "task": body["id"], "offered": 1}
    assert [unit["number"] for unit in called.json()["units"]] == [formation.squadron_a.number]

    (offer,) = phone.get("/api/v1/me/inbox").json()["items"]
    assert (offer["task"]["id"], offer["assignment"]["status"]) == (body["id"], "offered")
    answered = phone.post(f"{task}/answer", {"answer": "accept", "eta_min": 12}, format="json")
    assert (answered.status_code, answered.json()["status"]) == (200, "accepted")
    assert answered.json()["volunteer"] == f"{volunteer.volunteer.number:08d}"

    detail = office.get(task).json()
    assert detail["task"]["accepted"] == detail["progress"]["accepted"] == 1
    assert office.get("/api/v1/tasks").json() == {"items": [detail], "next": None}
    (line,) = office.get(f"{task}/recipients", {"state": "accepted"}).json()["items"]
    assert (line["volunteer"], line["state"]) == (f"{volunteer.volunteer.number:08d}", "accepted")
    (branch,) = office.get(f"{task}/units").json()
    assert (branch["unit"]["number"], branch["progress"]["accepted"]) == (formation.brigade.number, 1)
    (leaf,) = office.get(f"{task}/units", {"parent": format_unit_number(formation.brigade.number)}).json()
    assert leaf["unit"]["number"] == formation.squadron_a.number

    cancelled = office.post(f"{task}/cancel", {"reason": "Rain"}, format="json")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    refused = phone.post(f"{task}/answer", {"answer": "decline"}, format="json")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/task-over")


DOORS: list[tuple[str, str, Any]] = [
    ("get", "", None),
    ("post", "/call-outs", {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "units": ["07-26-00-000-0"]}),
    ("post", "/cancel", {}),
    ("get", "/recipients", None),
    ("get", "/units", None),
    ("post", "/answer", {"answer": "accept"}),
]


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
def test_a_task_does_not_exist_for_whoever_has_nothing_to_do_with_it(
    client_of: ClientOf,
    make_task: MakeTask,
    ask: Ask,
    people: list[Volunteer],
    formation: Formation,
    leader: User,
    stranger: User,
    method: str,
    path: str,
    body: Any,
) -> None:
    task = make_task()
    ask(task, formation.squadron_a)

    for user in (leader, stranger):
        client = client_of(user)
        answers = [
            getattr(client, method)(f"/api/v1/tasks/{id}{path}", body, format="json")
            for id in (task.pk, uuid4())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(("method", "path", "body"), [door for door in DOORS if door[1] != "/answer"])
def test_who_was_asked_does_not_direct(
    client_of: ClientOf,
    make_task: MakeTask,
    ask: Ask,
    volunteer: User,
    method: str,
    path: str,
    body: Any,
) -> None:
    task = make_task()
    ask(task)

    answer = getattr(client_of(volunteer), method)(f"/api/v1/tasks/{task.pk}{path}", body, format="json")

    assert answer.status_code == 404


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
def test_doors_are_closed_to_who_has_not_signed_in(
    client: Client, make_task: MakeTask, method: str, path: str, body: Any
) -> None:
    answer = getattr(client, method)(
        f"/api/v1/tasks/{make_task().pk}{path}", body, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")


def test_create_names_wrong_fields(
    client_of: ClientOf, wanted: Callable[..., TaskIn], commander: User
) -> None:
    body = wanted().model_dump(mode="json") | {"id": str(uuid4()), "headcount": 0, "titel": "x"}
    del body["place"]["datum"]

    answer = client_of(commander).post("/api/v1/tasks", body, format="json")

    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/id", "/headcount", "/titel", "/place/datum"}
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"status": "open"}, 422),
        ({"after": "x"}, 422),
        ({"page": "2"}, 422),
        ({"unit": "07-26-00-000-1"}, 404),
        ({"unit": "0700000000"}, 404),
        ({"after": "01890a5d-ac96-774b-bcce-b302099a8057"}, 404),
        ({"status": "draft"}, 200),
    ],
)
def test_task_list_names_what_it_does_not_understand(
    client_of: ClientOf, commander: User, query: dict[str, str], status: int
) -> None:
    assert client_of(commander).get("/api/v1/tasks", query).status_code == status


@pytest.mark.parametrize(
    "query", [{"state": "offered"}, {"after": "x"}, {"after": "-1"}, {"after": "1" * 30}]
)
def test_recipients_name_what_they_do_not_understand(
    client_of: ClientOf, make_task: MakeTask, commander: User, query: dict[str, str]
) -> None:
    answer = client_of(commander).get(f"/api/v1/tasks/{make_task().pk}/recipients", query)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{next(iter(query))}"]


def test_nobody_to_ask_is_a_loud_refusal(
    client_of: ClientOf, make_task: MakeTask, formation: Formation, commander: User
) -> None:
    body = {"id": str(uuid7()), "units": [formation.detachment.number]}

    answer = client_of(commander).post(f"/api/v1/tasks/{make_task().pk}/call-outs", body, format="json")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nobody-to-ask")
    assert answer.json()["detail"].endswith(
        "1 members, of them 0 on duty or available then by plan, 0 of age or with a guardian who agrees, "
        "0 not asked yet."
    )


def test_an_event_is_what_rest_answers(
    client_of: ClientOf,
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    volunteer: User,
    published: Any,
    at: datetime,
) -> None:
    task = make_task()
    ask(task)
    task.refresh_from_db()

    ((_, _, called),) = published(type="task.called")

    assert called["task"] == queries.task_out(task).model_dump(mode="json")
    assert client_of(volunteer).get("/api/v1/me/inbox").json()["items"][0]["task"] == called["task"]


def test_every_door_is_documented() -> None:
    mine = [route for route in v1 if str(route.pattern).startswith(("tasks", "me/inbox"))]
    generator: Any = SchemaGenerator
    schema = generator(patterns=[path("api/v1/", include(mine))]).get_schema(request=None, public=True)
    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    found = {operation["operationId"]: operation for operation in operations}

    assert set(found) == {
        "answer_offer",
        "call_out",
        "cancel_task",
        "create_task",
        "inbox",
        "name_legal_basis",
        "note_answer",
        "task",
        "task_recipients",
        "task_units",
        "tasks",
    }
    assert all(operation["description"] and operation["tags"] for operation in found.values())
    offers = schema["components"]["schemas"]["Inbox"]["properties"]["items"]
    assert (offers["type"], offers["items"]) == ("array", {"$ref": "#/components/schemas/Offer"})
    body = found["create_task"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/TaskIn"}
