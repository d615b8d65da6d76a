"""Every REST route, tried by everybody: who may what, and that nobody else can.

A route that is missing in the table below, or stands there without existing, fails the test.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from itertools import product
from typing import Any

import pyotp
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient
from rest_framework.utils import json
from uuid6 import uuid7

from backend.realtime.models import Receipt
from backend.volunteers import services
from backend.volunteers.models import Challenge, Device, Role, SecondFactor, User
from backend.volunteers.queries.numbers import block_with_numbers
from backend.volunteers.services import second_factors
from backend.volunteers.services.invitations import invite
from tests.conftest import PASSWORD
from tests.contract.doors import (
    APPLICANT,
    METHODS,
    SIGNED_IN,
    WITHOUT_TOKEN,
    Fill,
    World,
    credential_body,
    cursors_of,
    everything,
    fixes,
    guardian_body,
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
    form: bool = False
    """Whether the body is sent as a form with files."""

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
            "<str:person>": world.number("volunteer"),
            "<uuid:credential_id>": str(world.credential),
            "<uuid:guardian_id>": str(world.guardian),
            "<str:purpose>": "location",
            "<uuid:application_id>": str(world.application),
            "<uuid:transfer_id>": str(world.transfer),
            "<int:post_id>": str(world.post),
            "volunteers/<str:number>": f"volunteers/{world.bystander}",
            "<str:unit>": world.formation.squadron_a.number,
            "units/<str:number>/retire": f"units/{world.empty}/retire",
            "<uuid:import_id>": str(world.roster_import),
            "<str:number>": world.formation.squadron_a.number,
            "<str:text>": world.number("volunteer"),
            "<str:temporary>": str(world.walk_in),
            "<str:kept>": str(world.walk_in),
            "<uuid:block_id>": str(world.block),
        }
        address = f"/{self.address}"
        for placeholder, value in filled.items():
            address = address.replace(placeholder, value)
        return address

    def try_as(self, client: APIClient, world: World, caller: str) -> Any:
        """Send the request, and return the response."""
        query = self.query(world, caller)
        return self.send(client, self.path(world) + (f"?{query}" if query else ""), world, caller)

    def send(self, client: APIClient, path: str, world: World, caller: str) -> Any:
        """Send what the caller sends to an address."""
        body = self.body(world, caller)
        if self.form:
            return client.post(path, body, format="multipart")
        return client.generic(self.method, path, _json(body), content_type="application/json")


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


def _roster(world: World, caller: str) -> dict[str, Any]:
    file = SimpleUploadedFile("roster.csv", "姓名,手机\n王大妈,13800138000\n".encode())
    return {"id": str(uuid7()), "name": "Autumn", "file": file}


def _squadron(world: World, caller: str) -> str:
    return f"unit={world.formation.squadron_a.number}"


def _block_number(world: World, caller: str) -> dict[str, Any]:
    block = block_with_numbers(world.formation.squadron_a, world.block)
    return {"number": block.numbers[0].number, "name": caller}


def _challenge(world: World, needs_set_up: bool = False) -> str:
    """Begin a sign-in of the leader that waits for a second factor; return its challenge."""
    leader = world.callers["leader"].user
    if needs_set_up:
        Device.objects.filter(user=leader).exclude(pk=world.callers["leader"].device).update(
            revoked_at=world.at
        )
    Challenge.objects.create(
        pk=(id := uuid7()),
        user=leader,
        from_device=world.callers["leader"].device if needs_set_up else None,
        made_at=world.at,
        expires_at=world.at + timedelta(hours=1),
    )
    return str(id)


def _with_code(world: World, caller: str) -> dict[str, Any]:
    """Only the leader has an authenticator, and a challenge of a sign-in of theirs."""
    device = {"id": str(uuid7())}
    if caller != "leader":
        return {"challenge": str(uuid7()), "code": "123456", "device": device}
    return {"challenge": _challenge(world), **_own_code(world, caller), "device": device}


def _own_code(world: World, caller: str, confirmed: bool = True) -> dict[str, Any]:
    """Set an authenticator up for the leader, and show a code of it; the others guess."""
    if caller == "leader":
        user = world.callers[caller].user
        SecondFactor.objects.filter(user=user).delete()
        secret = second_factors.begin_second_factor(by=user, at=world.at).secret
        SecondFactor.objects.update(confirmed_at=world.at if confirmed else None)
        return {"code": pyotp.TOTP(secret).now()}
    return {"code": "123456"}


def _accept(world: World, caller: str) -> dict[str, Any]:
    """Only one has the slip with the volunteer's code."""
    code = "AAAA-AAAA-AAAA-AAAA"
    if caller == "volunteer":
        (made,) = invite(volunteers=[world.callers[caller].user.volunteer], by=None, at=world.at)
        code = made.code
    return {
        "number": world.number("volunteer"),
        "code": code,
        "password": "eleven green bicycles",
        "device": {"id": str(uuid7())},
    }


def _photo(world: World, caller: str) -> dict[str, Any]:
    written = BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    return {"image": b64encode(written.getvalue()).decode()}


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
PERSON = V1 + "volunteers/<str:person>/"
FACTOR = V1 + "me/second-factor"
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
    # Signing in, the second factor, invitations.
    Door("POST", V1 + "sign-in/second-factor", LEADER, others=401, body=_with_code),
    Door(
        "POST",
        V1 + "sign-in/second-factor/code",
        {"leader": 204},
        others=401,
        body=lambda w, c: {"challenge": _challenge(w) if c == "leader" else str(uuid7())},
    ),
    Door(
        "POST",
        V1 + "sign-in/second-factor/set-up",
        {"leader": 201},
        others=401,
        body=lambda w, c: {"challenge": _challenge(w, True) if c == "leader" else str(uuid7())},
    ),
    Door("POST", V1 + "sign-in/invitation", {"volunteer": 200}, others=401, body=_accept),
    Door("GET", FACTOR, OWN),
    Door("POST", FACTOR, dict.fromkeys(SIGNED_IN, 201)),
    Door("POST", FACTOR + "/confirm", LEADER, body=lambda w, c: _own_code(w, c, False)),
    Door("POST", FACTOR + "/remove", {"leader": 204}, body=_own_code),
    Door("POST", FACTOR + "/recovery-codes", LEADER, body=_own_code),
    Door(
        "POST",
        V1 + "me/password",
        OWN_204,
        body=lambda w, c: {"current": PASSWORD, "new": "eleven green bicycles"},
    ),
    Door("POST", PERSON + "invitation", {"leader": 201, "volunteer": 403}),
    # Badges and pictures.
    Door("GET", PERSON + "badge", {"leader": 200, "volunteer": 200}),
    Door(
        "POST",
        PERSON + "badge",
        {"leader": 201, "volunteer": 403},
        body=lambda w, c: {"id": str(uuid7())},
    ),
    Door(
        "POST",
        PERSON + "badge/revoke",
        {"leader": 204, "volunteer": 403},
        body=lambda w, c: {"reason": "lost"},
    ),
    Door("GET", PERSON + "badge/card.svg", {"leader": 200, "volunteer": 200}),
    Door("GET", PERSON + "badge/card.pdf", {"leader": 200, "volunteer": 200}),
    Door("GET", PERSON + "photo", {"leader": 200, "volunteer": 200}),
    Door("PUT", V1 + "me/photo", OWN_204, body=_photo),
    Door("DELETE", V1 + "me/photo", OWN_204),
    Door("GET", V1 + "badges/check", OWN | OPEN, dead=200, query=lambda w, c: "badge=x"),
    Door("GET", V1 + "badges/keys", OWN | OPEN, dead=200),
    Door("GET", V1 + "badges/revoked", OWN | OPEN, dead=200),
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
    Door("GET", V1 + "numbers/<str:text>", {"leader": 200, "member": 200, "volunteer": 200}),
    Door("GET", V1 + "units/<str:number>/number-blocks", LEADER),
    Door(
        "POST",
        V1 + "units/<str:number>/number-blocks",
        {"leader": 201},
        body=lambda w, c: {"id": str(uuid7()), "size": 2},
    ),
    Door("GET", V1 + "units/<str:number>/number-blocks/<uuid:block_id>", LEADER),
    Door("POST", V1 + "units/<str:number>/number-blocks/<uuid:block_id>/return", LEADER),
    Door("POST", V1 + "units/<str:number>/registrations", {"leader": 201}, body=_block_number),
    Door(
        "POST",
        V1 + "units/<str:number>/walk-ins",
        {"leader": 201},
        body=lambda w, c: {"id": str(uuid7()), "name": "来帮忙的"},
    ),
    Door("POST", V1 + "volunteers/<str:temporary>/life-number", LEADER),
    Door(
        "POST",
        V1 + "volunteers/<str:kept>/merge",
        LEADER,
        body=lambda w, c: {"duplicate": w.number("member")},
    ),
    Door("GET", V1 + "units/<str:number>/roster", LEADER),
    Door(
        "GET", V1 + "units/<str:number>/nearest", LEADER, query=lambda w, c: "lon=119.9&lat=29.4&datum=wgs84"
    ),
    Door("GET", V1 + "me/availability", OWN),
    Door("PUT", V1 + "me/availability", OWN, body=lambda w, c: {"weekly": [], "periods": []}),
    Door("GET", V1 + "units/<str:number>/imports", LEADER),
    Door("POST", V1 + "units/<str:number>/imports", {"leader": 201}, body=_roster, form=True),
    Door("GET", V1 + "units/<str:number>/roster-file", LEADER),
    Door("GET", V1 + "imports/<uuid:import_id>", LEADER),
    Door("GET", V1 + "imports/<uuid:import_id>/rows", LEADER),
    Door("POST", V1 + "imports/<uuid:import_id>/start", LEADER, body=lambda w, c: {}),
    Door("POST", V1 + "imports/<uuid:import_id>/undo", LEADER),
    Door("GET", V1 + "roster-template", OWN),
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
    # The leader directs the task and is no commander: the door is there, and closed.
    Door(
        "PUT",
        V1 + "tasks/<uuid:task_id>/legal-basis",
        {"leader": 403},
        body=lambda w, c: {"legal_basis": "vital_interests", "reason": "A child is missing"},
    ),
    Door("GET", V1 + "me/consents", OWN),
    Door("PUT", V1 + "me/consents/<str:purpose>", OWN, body=lambda w, c: {"agreed": True, "version": 1}),
    Door("GET", V1 + "me/looks", OWN),
    Door("GET", V1 + "me/export", OWN),
    Door("POST", V1 + "me/deletion", OWN, body=lambda w, c: {"password": PASSWORD}),
    Door("GET", PERSON + "credentials", {"leader": 200, "volunteer": 200}),
    Door("POST", PERSON + "credentials", {"leader": 201}, body=credential_body),
    Door("DELETE", PERSON + "credentials/<uuid:credential_id>", {"leader": 204}),
    Door("GET", PERSON + "guardians", {"leader": 200, "volunteer": 200}),
    Door("POST", PERSON + "guardians", {"leader": 201}, body=guardian_body),
    Door("DELETE", PERSON + "guardians/<uuid:guardian_id>", {"leader": 204}),
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
            *(one.address for one in DOORS if one.address.startswith(V1 + "sign-in/")),
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
        str(world.guardian): str(uuid7()),
        str(world.roster_import): str(uuid7()),
        world.formation.squadron_a.number: "0726010998",
        world.empty: "0726010998",
        world.number("volunteer"): "10000005",
        world.bystander: "10000005",
        str(world.walk_in): "90000012",
        f"posts/{world.post}": "posts/2000000000",
    }

    for door in DOORS:
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

    for door in DOORS:
        if door.dead == 401:
            assert door.try_as(clients["leader"], world, "leader").status_code == 401, str(door)
