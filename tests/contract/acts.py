"""An act over REST as the tests of its room list it in `acts.py`: how it is tried, and who may do it to what.

A person holds a post (or none) in a unit of some level. A target is a unit in some relation to that one, or something
that belongs to it. For each right its act says, by post, in which relations it is open; in all others there is no
such thing (404).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
from rest_framework.test import APIClient
from rest_framework.utils import json
from uuid6 import uuid7

from backend.accounts.models import Challenge, Device, SecondFactor
from backend.accounts.services import second_factors
from tests.contract.doors import SIGNED_IN, WITHOUT_TOKEN, Fill, World, nothing

LEVELS = ("headquarters", "corps", "detachment", "brigade", "squadron")
POSTS = ("none", "member", "dispatcher", "deputy", "leader", "commander")
"""`none` belongs to the unit without a post; the others hold that post there, and belong to it."""
RELATIONS = ("own", "below", "far below", "above", "sibling", "stranger")

OWN_AND_BELOW = frozenset({"own", "below", "far below"})
BELOW = frozenset({"below", "far below"})
LINE = frozenset({"own", "above"})
OWN = frozenset({"own"})
NOWHERE: frozenset[str] = frozenset()

DIRECTS = ("dispatcher", "deputy", "leader", "commander")
MANAGES = ("deputy", "leader", "commander")
Opens = dict[str, frozenset[str]]
Names = dict[str, Any]
"""What belongs to a target: `unit` its number, `member` the number of one of its members, and so on."""

V1 = "api/v1/"
PERSON = V1 + "volunteers/<str:person>/"
FACTOR = V1 + "me/second-factor"
TRACKERS = (V1 + "trackers/owntracks", V1 + "trackers/osmand")
WITHOUT_200 = dict.fromkeys(WITHOUT_TOKEN, 200)
LEADER = {"leader": 200}
ALL_200 = dict.fromkeys(SIGNED_IN, 200)
ALL_204 = dict.fromkeys(SIGNED_IN, 204)


def opens(*posts: str, where: frozenset[str] = OWN_AND_BELOW) -> Opens:
    """Return that an act is open to these posts in these relations, and to no others."""
    return {post: where if post in posts else NOWHERE for post in POSTS}


SEES = {post: LINE | (BELOW if post in DIRECTS else NOWHERE) for post in POSTS}
"""A member sees their own unit and the line above; a post that directs also sees the units below."""
MEETS = {post: OWN | (BELOW if post in DIRECTS else NOWHERE) for post in POSTS}
"""A member may look up the members of their own unit; a post that directs, also those below."""


@dataclass(frozen=True)
class Right:
    """What an act may be done to: in words, its address, what is sent, and to whom it is open.

    The address names parts of the target: `{unit}` its number, `{member}` one who belongs to it, and so on. Where an
    act is known but wider than one's own post, it is refused as `beyond` says (403). `lowest` is the answer below a
    squadron to a post that may.
    """

    words: str
    address: str
    opens: Opens
    body: Callable[[Names], Any] = lambda names: None
    beyond: Opens | None = None
    lowest: int | None = None
    media: str = "application/json"
    method: str = ""
    """That of its act."""

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Act:
    """One act over REST: its route, what is sent, whom it belongs to, what each caller who is signed in is answered.

    `others` is the answer to callers who are not named in `answers`; `dead` to callers without a good token.
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
    own: bool = False
    """Whether it concerns the caller alone, or is open to everyone; so is all below `me`, `sign-in` and `trackers`."""
    rights: Sequence[Right] = ()
    """The rows of docs/permissions.md that it stands for; the method of each is the act's."""

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
            "<uuid:correction_id>": str(world.correction),
            "<uuid:guardian_id>": str(world.guardian),
            "<uuid:word_id>": str(world.word),
            "<str:purpose>": "location",
            "<uuid:application_id>": str(world.application),
            "<uuid:transfer_id>": str(world.transfer),
            "<int:post_id>": str(world.post),
            "volunteers/<str:number>": f"volunteers/{world.bystander}",
            "<str:unit>": world.formation.squadron_a.number,
            "units/<str:number>/retire": f"units/{world.empty}/retire",
            "<uuid:import_id>/differences": f"{world.compared}/differences",
            "<uuid:import_id>": str(world.roster_import),
            "<int:difference_id>": str(world.difference),
            "<str:number>": world.formation.squadron_a.number,
            "<str:text>": world.number("volunteer"),
            "<str:temporary>": str(world.walk_in),
            "<str:kept>": str(world.walk_in),
            "<uuid:block_id>": str(world.block),
            "<uuid:occasion_id>": str(world.occasion),
            "<uuid:policy_id>": str(world.policy),
            "<uuid:sheet_id>": str(world.signed),
            "<uuid:shift_id>": str(world.block),
            "<uuid:hand_over_id>": str(world.block),
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


def challenge_of(world: World, needs_set_up: bool = False) -> str:
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


def own_code(world: World, caller: str, confirmed: bool = True) -> dict[str, Any]:
    """Set an authenticator up for the leader, and show a code of it; the others guess."""
    if caller == "leader":
        user = world.callers[caller].user
        SecondFactor.objects.filter(user=user).delete()
        secret = second_factors.begin_second_factor(by=user, at=world.at).secret
        SecondFactor.objects.update(confirmed_at=world.at if confirmed else None)
        return {"code": pyotp.TOTP(secret).now()}
    return {"code": "123456"}


def as_they_wish(world: World, caller: str) -> dict[str, Any]:
    """Give a reason."""
    return {"reason": "as they wish"}
