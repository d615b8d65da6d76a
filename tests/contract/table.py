"""The table of REST routes: what is sent to each, and what each caller is answered."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pyotp
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient
from rest_framework.utils import json
from uuid6 import uuid7

from backend.accounts.models import Challenge, Device, SecondFactor
from backend.accounts.services import second_factors
from backend.numbers.queries.blocks import block_with_numbers
from backend.realtime.log import epochs
from backend.volunteers.services.invitations import invite
from tests.conftest import PASSWORD
from tests.contract.doors import (
    APPLICANT,
    SIGNED_IN,
    WITHOUT_TOKEN,
    Fill,
    World,
    credential_body,
    cursors_of,
    fixes,
    guardian_body,
    nothing,
    task_body,
)


@dataclass(frozen=True)
class View:
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

FRIDAY = {"weekday": 4, "start": "18:30", "end": "21:00"}
DOORS = (
    View("POST", V1 + "sign-in", {"leader": 200}, others=401, body=_sign_in),
    View("POST", V1 + "token/refresh", OWN, body=_refresh),
    View("POST", V1 + "sign-out", OWN_204),
    View("GET", V1 + "me", OWN),
    View("PUT", V1 + "me/duty", OWN, body=lambda w, c: {"on": True}),
    View("PUT", V1 + "me/language", OWN, body=lambda w, c: {"language": "zh-hans"}),
    View("GET", V1 + "me/devices", OWN),
    View("DELETE", V1 + "me/devices/<uuid:device_id>", {"leader": 204}),
    View("GET", V1 + "me/trackers", OWN),
    View("POST", V1 + "me/trackers", dict.fromkeys(SIGNED_IN, 201), body=lambda w, c: {"name": c}),
    View("DELETE", V1 + "me/trackers/<uuid:tracker_id>", {"leader": 204}),
    # A token opens none of the trackers' doors; tests/tracking/test_trackers.py tries them with secrets.
    View("POST", TRACKERS[0], {}, others=401, body=lambda w, c: {"_type": "location"}),
    View("GET", TRACKERS[1], {}, others=401, query=lambda w, c: "id=a-guess&lat=29.4&lon=119.9"),
    View("POST", TRACKERS[1], {}, others=401, body=lambda w, c: {"device_id": "a guess"}),
    View("GET", V1 + "me/inbox", OWN),
    # Signing in, the second factor, invitations.
    View("POST", V1 + "sign-in/second-factor", LEADER, others=401, body=_with_code),
    View(
        "POST",
        V1 + "sign-in/second-factor/code",
        {"leader": 204},
        others=401,
        body=lambda w, c: {"challenge": _challenge(w) if c == "leader" else str(uuid7())},
    ),
    View(
        "POST",
        V1 + "sign-in/second-factor/set-up",
        {"leader": 201},
        others=401,
        body=lambda w, c: {"challenge": _challenge(w, True) if c == "leader" else str(uuid7())},
    ),
    View("POST", V1 + "sign-in/invitation", {"volunteer": 200}, others=401, body=_accept),
    View("GET", FACTOR, OWN),
    View("POST", FACTOR, dict.fromkeys(SIGNED_IN, 201)),
    View("POST", FACTOR + "/confirm", LEADER, body=lambda w, c: _own_code(w, c, False)),
    View("POST", FACTOR + "/remove", {"leader": 204}, body=_own_code),
    View("POST", FACTOR + "/recovery-codes", LEADER, body=_own_code),
    View(
        "POST",
        V1 + "me/password",
        OWN_204,
        body=lambda w, c: {"current": PASSWORD, "new": "eleven green bicycles"},
    ),
    View("POST", PERSON + "invitation", {"leader": 201, "volunteer": 403}),
    # Badges and pictures.
    View("GET", PERSON + "badge", {"leader": 200, "volunteer": 200}),
    View(
        "POST",
        PERSON + "badge",
        {"leader": 201, "volunteer": 403},
        body=lambda w, c: {"id": str(uuid7())},
    ),
    View(
        "POST",
        PERSON + "badge/revoke",
        {"leader": 204, "volunteer": 403},
        body=lambda w, c: {"reason": "lost"},
    ),
    View("GET", PERSON + "badge/card.svg", {"leader": 200, "volunteer": 200}),
    View("GET", PERSON + "badge/card.pdf", {"leader": 200, "volunteer": 200}),
    View("GET", PERSON + "photo", {"leader": 200, "volunteer": 200}),
    View("PUT", V1 + "me/photo", OWN_204, body=_photo),
    View("DELETE", V1 + "me/photo", OWN_204),
    View("GET", V1 + "badges/check", OWN | OPEN, dead=200, query=lambda w, c: "badge=x"),
    View("GET", V1 + "badges/keys", OWN | OPEN, dead=200),
    View("GET", V1 + "badges/revoked", OWN | OPEN, dead=200),
    View("POST", V1 + "applications", dict.fromkeys(SIGNED_IN, 202), body=_apply, dead=202),
    View(
        "POST",
        V1 + "applications/<uuid:application_id>/withdraw",
        OWN_204,
        body=lambda w, c: {"phone": APPLICANT if c == "nobody" else "13900000009"},
        dead=204,
    ),
    View("POST", V1 + "applications/<uuid:application_id>/approve", LEADER),
    View("POST", V1 + "applications/<uuid:application_id>/reject", LEADER, body=_reason),
    View("POST", V1 + "volunteers/<str:number>/suspend", LEADER, body=_reason),
    View("POST", V1 + "volunteers/<str:number>/reinstate", LEADER),
    View("POST", V1 + "volunteers/<str:number>/retire", LEADER, body=_reason),
    View("DELETE", V1 + "volunteers/<str:number>/units/<str:unit>", {"leader": 204}),
    View(
        "PUT",
        V1 + "volunteers/<str:number>/primary-unit",
        LEADER,
        body=lambda w, c: {"unit": w.formation.squadron_a.number},
    ),
    View("GET", V1 + "transfers", OWN),
    View("POST", V1 + "transfers", {"leader": 201, "sibling": 201}, body=_transfer),
    View("POST", V1 + "transfers/<uuid:transfer_id>/accept", LEADER),
    View("POST", V1 + "transfers/<uuid:transfer_id>/decline", LEADER),
    # Only who proposed it, or whom it concerns; tests/joining/test_transfers.py lets them.
    View("POST", V1 + "transfers/<uuid:transfer_id>/withdraw", {}),
    # Whoever leads a squadron looks after nothing that has units below; test_permissions.py tries those who do.
    View("POST", V1 + "units", {"leader": 409}, body=_school),
    View("PATCH", V1 + "units/<str:number>", LEADER, body=lambda w, c: {"brand_name": "武林大妈"}),
    View("POST", V1 + "units/<str:number>/move", {}, body=_parent),
    View("POST", V1 + "units/<str:number>/split", {}, body=lambda w, c: {"name": "新村"}),
    View("POST", V1 + "units/<str:number>/merge", {}, body=_successor),
    View("POST", V1 + "units/<str:number>/retire", {}, body=_successor),
    View("GET", V1 + "units/<str:number>/emblem", dict.fromkeys(OF_SQUADRON, 200)),
    View("PUT", V1 + "units/<str:number>/emblem", {"leader": 422}),
    View("DELETE", V1 + "units/<str:number>/emblem", {"leader": 204}),
    View("GET", V1 + "units/<str:number>/applications", LEADER),
    View("GET", V1 + "units/<str:number>/posts", LEADER),
    View("POST", V1 + "units/<str:number>/posts", {"leader": 201}, body=_post),
    View("DELETE", V1 + "posts/<int:post_id>", {"leader": 204}),
    View("GET", V1 + "units/<str:number>", {"leader": 200, "member": 200, "volunteer": 200}),
    View("GET", V1 + "units/<str:number>/children", LEADER),
    View("GET", V1 + "numbers/<str:text>", {"leader": 200, "member": 200, "volunteer": 200}),
    View("GET", V1 + "units/<str:number>/number-blocks", LEADER),
    View(
        "POST",
        V1 + "units/<str:number>/number-blocks",
        {"leader": 201},
        body=lambda w, c: {"id": str(uuid7()), "size": 2},
    ),
    View("GET", V1 + "units/<str:number>/number-blocks/<uuid:block_id>", LEADER),
    View("POST", V1 + "units/<str:number>/number-blocks/<uuid:block_id>/return", LEADER),
    View("POST", V1 + "units/<str:number>/registrations", {"leader": 201}, body=_block_number),
    View(
        "POST",
        V1 + "units/<str:number>/walk-ins",
        {"leader": 201},
        body=lambda w, c: {"id": str(uuid7()), "name": "来帮忙的"},
    ),
    View("POST", V1 + "volunteers/<str:temporary>/life-number", LEADER),
    View(
        "POST",
        V1 + "volunteers/<str:kept>/merge",
        LEADER,
        body=lambda w, c: {"duplicate": w.number("member")},
    ),
    View("GET", V1 + "units/<str:number>/roster", LEADER),
    View(
        "GET", V1 + "units/<str:number>/nearest", LEADER, query=lambda w, c: "lon=119.9&lat=29.4&datum=wgs84"
    ),
    View("GET", V1 + "me/availability", OWN),
    View("PUT", V1 + "me/availability", OWN, body=lambda w, c: {"weekly": [FRIDAY], "periods": []}),
    View("GET", V1 + "units/<str:number>/imports", LEADER),
    View("POST", V1 + "units/<str:number>/imports", {"leader": 201}, body=_roster, form=True),
    View("GET", V1 + "units/<str:number>/roster-file", LEADER),
    View("GET", V1 + "imports/<uuid:import_id>", LEADER),
    View("GET", V1 + "imports/<uuid:import_id>/rows", LEADER),
    View("POST", V1 + "imports/<uuid:import_id>/start", LEADER, body=lambda w, c: {}),
    View("POST", V1 + "imports/<uuid:import_id>/undo", LEADER),
    View("GET", V1 + "roster-template", OWN),
    View("GET", V1 + "skills", OWN),
    View("GET", V1 + "tasks", LEADER, query=_squadron),
    View("POST", V1 + "tasks", {"leader": 201}, body=lambda w, c: task_body(w.formation, w.at)),
    View("GET", V1 + "tasks/<uuid:task_id>", LEADER),
    View("POST", V1 + "tasks/<uuid:task_id>/call-outs", {"leader": 201}, body=_call_out),
    View("POST", V1 + "tasks/<uuid:task_id>/cancel", LEADER, body=lambda w, c: {"reason": "by mistake"}),
    View("GET", V1 + "tasks/<uuid:task_id>/recipients", LEADER),
    View("GET", V1 + "tasks/<uuid:task_id>/units", LEADER),
    View(
        "POST",
        V1 + "tasks/<uuid:task_id>/answer",
        {"volunteer": 200},
        rightful="volunteer",
        body=lambda w, c: {"answer": "accept", "eta_min": 5},
    ),
    # The leader directs the task and is no commander: the door is there, and closed.
    View(
        "PUT",
        V1 + "tasks/<uuid:task_id>/legal-basis",
        {"leader": 403},
        body=lambda w, c: {"legal_basis": "vital_interests", "reason": "A child is missing"},
    ),
    View("GET", V1 + "me/consents", OWN),
    View("PUT", V1 + "me/consents/<str:purpose>", OWN, body=lambda w, c: {"agreed": True, "version": 1}),
    View("GET", V1 + "me/looks", OWN),
    View("GET", V1 + "me/export", OWN),
    View(
        "POST",
        V1 + "me/identity",
        dict.fromkeys(SIGNED_IN, 204),
        body=lambda w, c: {
            "born_on": str(w.callers[c].user.volunteer.born_on if c in w.callers else "1980-01-01")
        },
    ),
    View("POST", V1 + "me/deletion", OWN, body=lambda w, c: {"password": PASSWORD}),
    View("GET", PERSON + "credentials", {"leader": 200, "volunteer": 200}),
    View("POST", PERSON + "credentials", {"leader": 201}, body=credential_body),
    View("DELETE", PERSON + "credentials/<uuid:credential_id>", {"leader": 204}),
    View("GET", PERSON + "guardians", {"leader": 200, "volunteer": 200}),
    View("POST", PERSON + "guardians", {"leader": 201}, body=guardian_body),
    View("DELETE", PERSON + "guardians/<uuid:guardian_id>", {"leader": 204}),
    View("POST", V1 + "positions", OWN, rightful="volunteer", body=fixes),
    View(
        "POST",
        V1 + "catch-up",
        OWN,
        rightful="volunteer",
        body=lambda w, c: {"cursors": cursors_of(w, c)},
    ),
    View(
        "POST",
        V1 + "receipts",
        OWN,
        rightful="volunteer",
        body=lambda w, c: {"epoch": epochs.current(), "delivered": cursors_of(w, c), "seen": {}},
    ),
    View("GET", "healthz", OWN | OPEN, dead=200),
    View("GET", "readyz", OWN | OPEN, dead=200),
    View("GET", "metrics", {}, dead=404),
)
