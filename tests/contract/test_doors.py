"""Every REST route, tried by everybody: who may what, and that nobody else can.

A route that is missing in the table below, or stands there without existing, fails the test.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework.utils import json
from uuid6 import uuid7

from backend.realtime.models import Receipt
from backend.volunteers import services
from backend.volunteers.models import Role, User
from tests.conftest import PASSWORD
from tests.contract.doors import (
    APPLICANT,
    METHODS,
    SIGNED_IN,
    WITHOUT_TOKEN,
    Fill,
    World,
    cursors_of,
    everything,
    fixes,
    nothing,
    rest_clients,
    rest_doors,
    serial_number,
    task_body,
)


@dataclass(frozen=True)
class Door:
    """One route: what is sent, whom it belongs to, and what each caller who is signed in is answered.

    `others` is for everybody who is not named in `answers`; `dead` for whoever has no token that is good.
    """

    method: str
    address: str
    answers: dict[str, int]
    others: int = 404
    rightful: str = "leader"
    body: Fill = nothing
    query: Fill = nothing
    dead: int = 401

    def __str__(self) -> str:
        return f"{self.method} {self.address}"

    def expected(self) -> dict[str, int]:
        """Return the status that each caller gets."""
        named = dict.fromkeys(WITHOUT_TOKEN, self.dead) | dict.fromkeys(SIGNED_IN, self.others)
        return named | self.answers

    def path(self, world: World) -> str:
        """Return the address with what belongs to `rightful` filled in."""
        filled = {
            "<uuid:task_id>": str(world.task.pk),
            "<uuid:device_id>": str(world.spare),
            "<uuid:tracker_id>": str(world.tracker),
            "<uuid:application_id>": str(world.application),
            "<uuid:transfer_id>": str(world.transfer),
            "<int:post_id>": str(world.post),
            "volunteers/<str:number>": f"volunteers/{world.bystander}",
            "<str:unit>": world.formation.squadron_a.number,
            "units/<str:number>/retire": f"units/{world.empty}/retire",
            "<str:number>": world.formation.squadron_a.number,
        }
        address = f"/{self.address}"
        for placeholder, value in filled.items():
            address = address.replace(placeholder, value)
        return address

    def try_as(self, client: APIClient, world: World, caller: str) -> Any:
        """Send the request, and return the response."""
        query = self.query(world, caller)
        return client.generic(
            self.method,
            self.path(world) + (f"?{query}" if query else ""),
            _json(self.body(world, caller)),
            content_type="application/json",
        )


def _json(body: Any) -> str:
    return "" if body is None else str(json.dumps(body))


def _sign_in(world: World, caller: str) -> dict[str, Any]:
    """Only the leader knows the leader's password."""
    password = PASSWORD if caller == "leader" else "a guess"
    return {"identifier": world.number("leader"), "password": password, "device": {"id": str(uuid7())}}


def _refresh(world: World, caller: str) -> dict[str, Any]:
    """Everybody brings what they have: an access token is not a refresh token."""
    if caller == "revoked":
        return {"refresh": world.signed_out["leader"].tokens.refresh}
    if caller in WITHOUT_TOKEN:
        return {"refresh": world.callers["leader"].tokens.access}
    return {"refresh": world.callers[caller].tokens.refresh}


def _call_out(world: World, caller: str) -> dict[str, Any]:
    return {"id": str(uuid7()), "units": [world.formation.squadron_a.number]}


def _squadron(world: World, caller: str) -> str:
    return f"unit={world.formation.squadron_a.number}"


def _apply(world: World, caller: str) -> dict[str, Any]:
    phone = f"1390001{len(caller):04d}"
    return {"id": str(uuid7()), "unit": world.formation.squadron_a.number, "name": "钱", "phone": phone}


def _reason(world: World, caller: str) -> dict[str, Any]:
    return {"reason": "as they wish"}


def _transfer(world: World, caller: str) -> dict[str, Any]:
    """Send the bystander away; the sibling asks for them in squadron B, which that one leads."""
    to = world.formation.squadron_c if caller == "leader" else world.formation.squadron_b
    ends = {"from_unit": world.formation.squadron_a.number, "to_unit": to.number}
    return {"id": str(uuid7()), "volunteer": world.bystander, **ends}


def _school(world: World, caller: str) -> dict[str, Any]:
    parent = world.formation.squadron_a.number
    return {"parent": parent, "name": "校卫队", "partner_kind": "school_guard"}


def _parent(world: World, caller: str) -> dict[str, Any]:
    return {"parent": world.formation.other_brigade.number}


def _successor(world: World, caller: str) -> dict[str, Any]:
    return {"successor": world.formation.squadron_b.number}


def _post(world: World, caller: str) -> dict[str, Any]:
    return {"volunteer": world.bystander, "role": "deputy"}


V1 = "api/v1/"
OF_SQUADRON = ("member", "volunteer", "leader")
TRACKERS = (V1 + "trackers/owntracks", V1 + "trackers/osmand")
OPEN = dict.fromkeys(WITHOUT_TOKEN, 200)
LEADER = {"leader": 200}
OWN = dict.fromkeys(SIGNED_IN, 200)
OWN_204 = dict.fromkeys(SIGNED_IN, 204)

DOORS = (
    Door("POST", V1 + "sign-in", {"leader": 200}, others=401, body=_sign_in),
    Door("POST", V1 + "token/refresh", OWN, body=_refresh),
    Door("POST", V1 + "sign-out", OWN_204),
    Door("GET", V1 + "me", OWN),
    Door("PUT", V1 + "me/duty", OWN, body=lambda w, c: {"on": True}),
    Door("PUT", V1 + "me/language", OWN, body=lambda w, c: {"language": "zh-hans"}),
    Door("GET", V1 + "me/devices", OWN),
    Door("DELETE", V1 + "me/devices/<uuid:device_id>", {"leader": 204}),
    Door("GET", V1 + "me/trackers", OWN),
    Door("POST", V1 + "me/trackers", dict.fromkeys(SIGNED_IN, 201), body=lambda w, c: {"name": c}),
    Door("DELETE", V1 + "me/trackers/<uuid:tracker_id>", {"leader": 204}),
    # A token opens none of the trackers' doors; tests/volunteers/test_trackers.py tries them with secrets.
    Door("POST", TRACKERS[0], {}, others=401, body=lambda w, c: {"_type": "location"}),
    Door("GET", TRACKERS[1], {}, others=401, query=lambda w, c: "id=a-guess&lat=29.4&lon=119.9"),
    Door("POST", TRACKERS[1], {}, others=401, body=lambda w, c: {"device_id": "a guess"}),
    Door("GET", V1 + "me/inbox", OWN),
    Door("POST", V1 + "applications", dict.fromkeys(SIGNED_IN, 202), body=_apply, dead=202),
    Door(
        "POST",
        V1 + "applications/<uuid:application_id>/withdraw",
        OWN_204,
        body=lambda w, c: {"phone": APPLICANT if c == "nobody" else "13900000009"},
        dead=204,
    ),
    Door("POST", V1 + "applications/<uuid:application_id>/approve", LEADER),
    Door("POST", V1 + "applications/<uuid:application_id>/reject", LEADER, body=_reason),
    Door("POST", V1 + "volunteers/<str:number>/suspend", LEADER, body=_reason),
    Door("POST", V1 + "volunteers/<str:number>/reinstate", LEADER),
    Door("POST", V1 + "volunteers/<str:number>/retire", LEADER, body=_reason),
    Door("DELETE", V1 + "volunteers/<str:number>/units/<str:unit>", {"leader": 204}),
    Door(
        "PUT",
        V1 + "volunteers/<str:number>/primary-unit",
        LEADER,
        body=lambda w, c: {"unit": w.formation.squadron_a.number},
    ),
    Door("GET", V1 + "transfers", OWN),
    Door("POST", V1 + "transfers", {"leader": 201, "sibling": 201}, body=_transfer),
    Door("POST", V1 + "transfers/<uuid:transfer_id>/accept", LEADER),
    Door("POST", V1 + "transfers/<uuid:transfer_id>/decline", LEADER),
    # Only who proposed it, or whom it concerns; tests/volunteers/test_transfers.py lets them.
    Door("POST", V1 + "transfers/<uuid:transfer_id>/withdraw", {}),
    # Whoever leads a squadron looks after nothing that has units below; test_permissions.py tries those who do.
    Door("POST", V1 + "units", {"leader": 409}, body=_school),
    Door("PATCH", V1 + "units/<str:number>", LEADER, body=lambda w, c: {"brand_name": "武林大妈"}),
    Door("POST", V1 + "units/<str:number>/move", {}, body=_parent),
    Door("POST", V1 + "units/<str:number>/split", {}, body=lambda w, c: {"name": "新村"}),
    Door("POST", V1 + "units/<str:number>/merge", {}, body=_successor),
    Door("POST", V1 + "units/<str:number>/retire", {}, body=_successor),
    Door("GET", V1 + "units/<str:number>/emblem", dict.fromkeys(OF_SQUADRON, 200)),
    Door("PUT", V1 + "units/<str:number>/emblem", {"leader": 422}),
    Door("DELETE", V1 + "units/<str:number>/emblem", {"leader": 204}),
    Door("GET", V1 + "units/<str:number>/applications", LEADER),
    Door("GET", V1 + "units/<str:number>/posts", LEADER),
    Door("POST", V1 + "units/<str:number>/posts", {"leader": 201}, body=_post),
    Door("DELETE", V1 + "posts/<int:post_id>", {"leader": 204}),
    Door("GET", V1 + "units/<str:number>", {"leader": 200, "member": 200, "volunteer": 200}),
    Door("GET", V1 + "units/<str:number>/children", LEADER),
    Door("GET", V1 + "tasks", LEADER, query=_squadron),
    Door("POST", V1 + "tasks", {"leader": 201}, body=lambda w, c: task_body(w.formation, w.at)),
    Door("GET", V1 + "tasks/<uuid:task_id>", LEADER),
    Door("POST", V1 + "tasks/<uuid:task_id>/call-outs", {"leader": 201}, body=_call_out),
    Door("POST", V1 + "tasks/<uuid:task_id>/cancel", LEADER, body=lambda w, c: {"reason": "by mistake"}),
    Door("GET", V1 + "tasks/<uuid:task_id>/recipients", LEADER),
    Door("GET", V1 + "tasks/<uuid:task_id>/units", LEADER),
    Door(
        "POST",
        V1 + "tasks/<uuid:task_id>/answer",
        {"volunteer": 200},
        rightful="volunteer",
        body=lambda w, c: {"answer": "accept", "eta_min": 5},
    ),
    Door("POST", V1 + "positions", OWN, rightful="volunteer", body=fixes),
    Door(
        "POST",
        V1 + "catch-up",
        OWN,
        rightful="volunteer",
        body=lambda w, c: {"cursors": cursors_of(w, c)},
    ),
    Door(
        "POST",
        V1 + "receipts",
        OWN_204,
        rightful="volunteer",
        body=lambda w, c: {"delivered": cursors_of(w, c), "seen": {}},
    ),
    Door("GET", "healthz", OWN | OPEN, dead=200),
    Door("GET", "readyz", OWN | OPEN, dead=200),
    Door("GET", "metrics", {}, dead=404),
)


def test_the_table_of_routes_is_whole() -> None:
    table = [(door.method, door.address) for door in DOORS]

    assert len(table) == len(set(table))
    assert set(table) == rest_doors()


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_route_opens_to_the_rightful_alone(world: World, door: Door) -> None:
    """The refused go first, and leave everything as it was; problems are all of them the same shape."""
    clients = rest_clients(world, door.rightful)
    expected = door.expected()
    refused = [name for name in expected if expected[name] >= 400]

    before = everything()
    answers = {name: door.try_as(clients[name], world, name) for name in refused}
    after = everything()
    answers |= {name: door.try_as(clients[name], world, name) for name in expected if name not in refused}

    assert {name: answer.status_code for name, answer in answers.items()} == expected
    assert after == before
    assert {answers[name]["Content-Type"] for name in refused} <= {"application/problem+json"}
    assert all(answers[name].json()["status"] == expected[name] for name in refused)


def test_a_wrong_method_is_a_problem(world: World) -> None:
    """Whoever may come in is told 405; whoever may not is told no more than at any other door."""
    clients = rest_clients(world, "leader")
    existing = rest_doors()
    before = everything()

    for door in DOORS:
        is_open = door.dead < 300 or door.address in {
            V1 + "sign-in",
            V1 + "token/refresh",
            "metrics",
            *TRACKERS,
        }
        for method in (*METHODS, "trace"):
            if (method.upper(), door.address) in existing:
                continue
            for name, expected in {"nobody": 405 if is_open else 401, "leader": 405}.items():
                answer = clients[name].generic(method.upper(), door.path(world))
                assert answer.status_code == expected, f"{method} {door.address} as {name}"
                assert answer["Content-Type"] == "application/problem+json"
    assert everything() == before


@pytest.mark.parametrize("caller", [*WITHOUT_TOKEN, "leader"])
def test_an_unknown_address_is_a_problem(world: World, caller: str) -> None:
    client = rest_clients(world, "leader")[caller]
    paths = ["", "v1", "v1/", "v2/me", "v1/nothing", "v1/tasks/7", "v1/me/", "v1/me/devices/x"]

    for path, method in product(paths, METHODS):
        answer = client.generic(method.upper(), f"/api/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), path
        assert answer.json()["type"] == "/problems/not-found"


def test_what_is_hidden_and_what_does_not_exist_get_the_same_answer(world: World) -> None:
    """A stranger cannot find out which tasks, units and devices there are."""
    client = rest_clients(world, "leader")["sibling"]
    hidden = [
        *(str(world.task.pk), str(world.spare), str(world.application), str(world.transfer)),
        *(world.formation.squadron_a.number, world.bystander, world.empty, f"posts/{world.post}"),
    ]
    missing = [*(str(uuid7()) for _ in range(4)), "0726010998", "10000005", "0726010998", "posts/2000000000"]

    for door in DOORS:
        if "<" in door.address and "me/" not in door.address and door.dead == 401:
            path = door.path(world)
            elsewhere = path
            for there, nowhere in zip(hidden, missing, strict=True):
                elsewhere = elsewhere.replace(there, nowhere)
            sent = _json(door.body(world, "sibling"))
            answers = [
                client.generic(door.method, each, sent, content_type="application/json")
                for each in (path, elsewhere)
            ]
            assert answers[0].json() == answers[1].json()


# --- REST doors that are everybody's own --------------------------------------------------------------------------


def test_own_doors_tell_of_oneself_alone(world: World) -> None:
    clients = rest_clients(world, "leader")

    for name in SIGNED_IN:
        assert clients[name].get("/api/v1/me").json()["number"] == world.number(name)
        devices = {device["id"] for device in clients[name].get("/api/v1/me/devices").json()}
        assert str(world.callers[name].device) in devices
        assert (str(world.spare) in devices) == (name == "leader")
    inboxes = {name: clients[name].get("/api/v1/me/inbox").json() for name in SIGNED_IN}
    assert {name for name, offers in inboxes.items() if offers} == {"volunteer"}
    pages = {name: clients[name].get("/api/v1/tasks").json()["items"] for name in SIGNED_IN}
    assert {name for name, items in pages.items() if items} == {"leader"}


def test_duty_and_language_are_changed_for_oneself_alone(world: World) -> None:
    clients = rest_clients(world, "leader")
    others = {
        user.pk: user.language
        for user in User.objects.exclude(volunteer__number=serial_number(world, "stranger"))
    }

    clients["stranger"].put("/api/v1/me/language", {"language": "zh-hans"}, format="json")
    clients["stranger"].put("/api/v1/me/duty", {"on": True}, format="json")

    assert {pk: User.objects.get(pk=pk).language for pk in others} == others
    assert not world.callers["leader"].user.volunteer.is_on_duty(world.at)


def test_catch_up_names_a_topic_only_to_those_who_may_see_it(world: World) -> None:
    clients = rest_clients(world, "leader")
    sees = {}
    for name in SIGNED_IN:
        answer = clients[name].post("/api/v1/catch-up", {"cursors": cursors_of(world, name)}, format="json")
        sees[name] = set(answer.json()["topics"]) & set(cursors_of(world, name))

    squadron, task, person = cursors_of(world, "")
    assert sees == {
        "stranger": set(),
        "outsider": set(),
        "sibling": set(),
        "member": {squadron},
        "volunteer": {squadron, person},
        "leader": {squadron, task},
    }


def test_catch_up_brings_an_event_only_to_those_it_is_for(world: World) -> None:
    """The member of the same squadron came after the call-out: its event is not theirs."""
    clients = rest_clients(world, "leader")
    topic = world.formation.squadron_a.topic
    types = {}
    for name in ("member", "volunteer", "leader"):
        answer = clients[name].post("/api/v1/catch-up", {"cursors": {topic: 0}}, format="json")
        types[name] = [event["type"] for event in answer.json()["topics"][topic]["events"]]

    assert types == {"member": [], "volunteer": ["task.called"], "leader": []}


def test_receipts_count_only_in_topics_of_ones_own(world: World) -> None:
    clients = rest_clients(world, "leader")
    cursors = {**cursors_of(world, ""), world.formation.squadron_c.topic: 5}

    for name in SIGNED_IN:
        clients[name].post("/api/v1/receipts", {"delivered": cursors, "seen": cursors}, format="json")

    squadron, _, _ = cursors_of(world, "")
    theirs = {serial_number(world, name) for name in ("member", "volunteer", "leader")}
    stored = set(Receipt.objects.filter(topic=squadron).values_list("person", flat=True))
    assert stored <= theirs
    assert not Receipt.objects.exclude(topic=squadron).exclude(topic__startswith="person.").exists()


def test_positions_are_stored_for_oneself_and_only_on_duty(world: World) -> None:
    clients = rest_clients(world, "leader")
    results = {
        name: clients[name].post("/api/v1/positions", fixes(world, name), format="json").json()["results"]
        for name in SIGNED_IN
    }

    on_duty = {"outsider", "member", "volunteer"}
    assert results == {name: ["accepted" if name in on_duty else "off_duty"] for name in SIGNED_IN}


def test_a_post_that_has_ended_opens_nothing(world: World) -> None:
    clients = rest_clients(world, "leader")
    world.callers["leader"].user.volunteer.posts.update(until_at=world.at - timedelta(seconds=1))

    for door in DOORS:
        if door.answers in (LEADER, {"leader": 201}) and "sign-in" not in door.address:
            assert door.try_as(clients["leader"], world, "leader").status_code == 404, str(door)


@pytest.mark.parametrize("role", Role)
def test_only_posts_that_direct_open_a_task(world: World, role: Role) -> None:
    member = world.callers["member"].user.volunteer
    member.posts.all().delete()
    services.appoint(volunteer=member, unit=world.formation.squadron_a, role=role, by=None, at=world.at)

    answer = rest_clients(world, "leader")["member"].get(f"/api/v1/tasks/{world.task.pk}")

    assert answer.status_code == (404 if role == Role.MEMBER else 200)


def test_a_closed_account_is_refused_everywhere(world: World) -> None:
    clients = rest_clients(world, "leader")
    User.objects.filter(pk=world.callers["leader"].user.pk).update(is_active=False)

    for door in DOORS:
        if door.dead == 401:
            assert door.try_as(clients["leader"], world, "leader").status_code == 401, str(door)
