"""Every REST route, tried by everybody: who may what, and that nobody else can.

A route without an act in the `acts.py` of a room fails the test, and so does an act without a route.
"""

from datetime import timedelta
from itertools import product

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.realtime.log import epochs
from backend.realtime.models import Receipt
from backend.volunteers import services
from backend.volunteers.models import Role
from tests.contract.acts import FACTOR, LEADER, TRACKERS, V1, Act
from tests.contract.doors import (
    METHODS,
    SIGNED_IN,
    WITHOUT_TOKEN,
    World,
    cursors_of,
    everything,
    fixes,
    rest_clients,
    rest_doors,
    serial_number,
)
from tests.contract.table import ACTS


def test_the_table_of_routes_is_whole() -> None:
    table = [(door.method, door.address) for door in ACTS]

    assert len(table) == len(set(table))
    assert set(table) == rest_doors()


@pytest.mark.parametrize("door", ACTS, ids=str)
def test_a_route_opens_to_the_rightful_alone(world: World, door: Act) -> None:
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

    for door in ACTS:
        is_open = door.dead < 300 or door.address in {
            V1 + "sign-in",
            V1 + "token/refresh",
            "metrics",
            *TRACKERS,
            *(one.address for one in ACTS if one.address.startswith(V1 + "sign-in/")),
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
    hidden = {
        str(world.task.pk): str(uuid7()),
        str(world.spare): str(uuid7()),
        str(world.application): str(uuid7()),
        str(world.transfer): str(uuid7()),
        str(world.block): str(uuid7()),
        str(world.credential): str(uuid7()),
        str(world.correction): str(uuid7()),
        str(world.guardian): str(uuid7()),
        str(world.word): str(uuid7()),
        str(world.roster_import): str(uuid7()),
        str(world.occasion): str(uuid7()),
        str(world.policy): str(uuid7()),
        str(world.signed): str(uuid7()),
        world.formation.squadron_a.number: "0726010998",
        world.empty: "0726010998",
        world.number("volunteer"): "10000005",
        world.bystander: "10000005",
        str(world.walk_in): "90000012",
        f"posts/{world.post}": "posts/2000000000",
    }

    for door in ACTS:
        if "<" in door.address and "me/" not in door.address and door.dead == 401:
            path = door.path(world)
            elsewhere = path
            for there, nowhere in hidden.items():
                elsewhere = elsewhere.replace(there, nowhere)
            answers = [door.send(client, each, world, "sibling") for each in (path, elsewhere)]
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
    assert {name for name, inbox in inboxes.items() if inbox["items"]} == {"volunteer"}
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
        answer = clients[name].post(
            "/api/v1/catch-up", {"epoch": epochs.current(), "cursors": {topic: 0}}, format="json"
        )
        types[name] = [event["type"] for event in answer.json()["topics"][topic]["events"]]

    assert types == {"member": [], "volunteer": ["task.called"], "leader": []}


def test_receipts_count_only_in_topics_that_one_may_see(world: World) -> None:
    clients = rest_clients(world, "leader")
    elsewhere = world.formation.squadron_c.topic
    cursors = {**cursors_of(world, ""), elsewhere: 5}

    for name in SIGNED_IN:
        clients[name].post(
            "/api/v1/receipts",
            {"epoch": epochs.current(), "delivered": cursors, "seen": cursors},
            format="json",
        )

    squadron, task, _ = cursors_of(world, "")
    allowed = {squadron: ("member", "volunteer", "leader"), task: ("leader",), elsewhere: ()}
    for topic, names in allowed.items():
        stored = set(Receipt.objects.filter(topic=topic).values_list("person", flat=True))
        assert stored <= {serial_number(world, name) for name in names}
    assert not Receipt.objects.exclude(topic__in=allowed).exclude(topic__startswith="person.").exists()


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

    for door in ACTS:
        of_post = door.answers in (LEADER, {"leader": 201}) and "sign-in" not in door.address
        if of_post and not door.address.startswith(FACTOR):
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

    for door in ACTS:
        if door.dead == 401:
            assert door.try_as(clients["leader"], world, "leader").status_code == 401, str(door)
