"""What may be done over REST in volunteers, and by whom."""

from collections.abc import Callable
from typing import Any

from uuid6 import uuid7

from backend.joining.services.invitations import invite
from tests.conftest import PASSWORD
from tests.contract.acts import (
    ALL_200,
    ALL_204,
    BELOW,
    DIRECTS,
    LEADER,
    MANAGES,
    OWN_AND_BELOW,
    PERSON,
    SEES,
    V1,
    Act,
    Names,
    Right,
    as_they_wish,
    challenge_of,
    opens,
    own_code,
)
from tests.contract.doors import World, credential_body, guardian_body

OF_SQUADRON = ("member", "volunteer", "leader")
FRIDAY = {"weekday": 4, "start": "18:30", "end": "21:00"}


def _credential(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "kind": "insurance", "valid_from": names["starts_at"]}


def _guardian(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "name": "家长", "phone": "13800000000", "consent_at": names["agreed_at"]}


def _post(role: str) -> Callable[[Names], Any]:
    return lambda names: {"volunteer": names["member"], "role": role}


def _sign_in(world: World, caller: str) -> dict[str, Any]:
    """Only the leader knows the leader's password."""
    password = PASSWORD if caller == "leader" else "a guess"
    return {"identifier": world.number("leader"), "password": password, "device": {"id": str(uuid7())}}


def _with_code(world: World, caller: str) -> dict[str, Any]:
    """Only the leader has an authenticator, and a challenge of a sign-in of theirs."""
    device = {"id": str(uuid7())}
    if caller != "leader":
        return {"challenge": str(uuid7()), "code": "123456", "device": device}
    return {"challenge": challenge_of(world), **own_code(world, caller), "device": device}


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


def _school(world: World, caller: str) -> dict[str, Any]:
    parent = world.formation.squadron_a.number
    return {"parent": parent, "name": "校卫队", "partner_kind": "school_guard"}


def _parent(world: World, caller: str) -> dict[str, Any]:
    return {"parent": world.formation.other_brigade.number}


def _successor(world: World, caller: str) -> dict[str, Any]:
    return {"successor": world.formation.squadron_b.number}


def _deputy(world: World, caller: str) -> dict[str, Any]:
    return {"volunteer": world.bystander, "role": "deputy"}


ACTS = (
    Act("POST", V1 + "sign-in", {"leader": 200}, others=401, body=_sign_in),
    Act("POST", V1 + "sign-out", ALL_204, own=True),
    Act("GET", V1 + "me", ALL_200),
    Act("PUT", V1 + "me/duty", ALL_200, body=lambda w, c: {"on": True}),
    Act("PUT", V1 + "me/language", ALL_200, body=lambda w, c: {"language": "zh-hans"}),
    # Signing in, the second factor, invitations.
    Act("POST", V1 + "sign-in/second-factor", LEADER, others=401, body=_with_code),
    Act("POST", V1 + "sign-in/invitation", {"volunteer": 200}, others=401, body=_accept),
    Act(
        "POST",
        PERSON + "invitation",
        {"leader": 201, "volunteer": 403},
        rights=(
            Right(
                "invite a member to sign in",
                "volunteers/{member}/invitation",
                opens(*MANAGES),
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "volunteers/<str:number>/suspend",
        LEADER,
        body=as_they_wish,
        rights=(
            Right(
                "suspend a member of it",
                "volunteers/{member}/suspend",
                opens(*MANAGES),
                lambda n: {"reason": "an inquiry"},
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "volunteers/<str:number>/reinstate",
        LEADER,
        rights=(Right("reinstate a member of it", "volunteers/{member}/reinstate", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "volunteers/<str:number>/retire",
        LEADER,
        body=as_they_wish,
        rights=(
            Right(
                "retire a member of it",
                "volunteers/{member}/retire",
                opens(*MANAGES),
                lambda n: {"reason": "moved away"},
            ),
        ),
    ),
    Act(
        "DELETE",
        V1 + "volunteers/<str:number>/units/<str:unit>",
        {"leader": 204},
        rights=(Right("take a member out of it", "volunteers/{member}/units/{unit}", opens(*MANAGES)),),
    ),
    Act(
        "PUT",
        V1 + "volunteers/<str:number>/primary-unit",
        LEADER,
        body=lambda w, c: {"unit": w.formation.squadron_a.number},
        rights=(
            Right(
                "choose a member's primary unit",
                "volunteers/{member}/primary-unit",
                opens(*MANAGES),
                lambda n: {"unit": n["unit"]},
            ),
        ),
    ),
    # The leader of a squadron looks after no unit that has units below; test_permissions.py tries leaders who do.
    Act(
        "POST",
        V1 + "units",
        {"leader": 409},
        body=_school,
        rights=(
            Right(
                "put a partner organisation below it",
                "units",
                opens(*MANAGES),
                lambda n: {"parent": n["unit"], "name": "School guards", "partner_kind": "school_guard"},
                lowest=409,
            ),
        ),
    ),
    Act(
        "PATCH",
        V1 + "units/<str:number>",
        LEADER,
        body=lambda w, c: {"brand_name": "武林大妈"},
        rights=(
            Right(
                "rename it",
                "units/{unit}",
                opens(*MANAGES),
                lambda n: {"name": "Old quarter", "brand_name": "Lantern keepers"},
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/move",
        {},
        body=_parent,
        rights=(
            Right(
                "move it within its parent",
                "units/{unit}/move",
                opens(*MANAGES, where=BELOW),
                lambda n: {"parent": n["parent"]},
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/split",
        {},
        body=lambda w, c: {"name": "新村"},
        rights=(
            Right(
                "split it",
                "units/{unit}/split",
                opens(*MANAGES, where=BELOW),
                lambda n: {"name": "New quarter", "members": [n["member"]]},
            ),
            Right(
                "split a member with a leader's post off it",
                "units/{unit}/split",
                opens("leader", "commander", where=BELOW),
                lambda n: {"name": "New quarter", "members": [n["head"]]},
                beyond=opens("deputy", where=BELOW),
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/merge",
        {},
        body=_successor,
        rights=(
            Right(
                "merge it, with a commander's post in it, into its neighbour",
                "units/{unit}/merge",
                opens("commander", where=BELOW),
                lambda n: {"successor": n["neighbour"]},
                beyond=opens("deputy", "leader", where=BELOW),
            ),
            Right(
                "merge a unit without such posts below it into its neighbour",
                "units/{empty}/merge",
                opens(*MANAGES),
                lambda n: {"successor": n["unit_beside_empty"]},
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/retire",
        {},
        body=_successor,
        rights=(
            Right(
                "retire an empty unit below it",
                "units/{empty}/retire",
                opens(*MANAGES, where=OWN_AND_BELOW),
                lambda n: {"successor": n["unit_beside_empty"]},
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/emblem",
        dict.fromkeys(OF_SQUADRON, 200),
        rights=(Right("see its emblem", "units/{unit}/emblem", SEES),),
    ),
    Act(
        "PUT",
        V1 + "units/<str:number>/emblem",
        {"leader": 422},
        rights=(
            Right(
                "give it an emblem",
                "units/{unit}/emblem",
                opens(*MANAGES),
                lambda n: n["picture"],
                media="image/png",
            ),
        ),
    ),
    Act(
        "DELETE",
        V1 + "units/<str:number>/emblem",
        {"leader": 204},
        rights=(Right("take its emblem away", "units/{unit}/emblem", opens(*MANAGES)),),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/posts",
        LEADER,
        rights=(Right("see its posts", "units/{unit}/posts", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/posts",
        {"leader": 201},
        body=_deputy,
        rights=(
            Right("give the post of a member in it", "units/{unit}/posts", opens(*MANAGES), _post("member")),
            Right(
                "give the post of a dispatcher", "units/{unit}/posts", opens(*MANAGES), _post("dispatcher")
            ),
            Right("give the post of a deputy", "units/{unit}/posts", opens(*MANAGES), _post("deputy")),
            Right(
                "give the post of a leader",
                "units/{unit}/posts",
                opens("leader", "commander"),
                _post("leader"),
                beyond=opens("deputy"),
            ),
            Right(
                "give the post of a commander",
                "units/{unit}/posts",
                opens("commander"),
                _post("commander"),
                beyond=opens("deputy", "leader"),
            ),
        ),
    ),
    Act(
        "DELETE",
        V1 + "posts/<int:post_id>",
        {"leader": 204},
        rights=(
            Right("end a dispatcher's post in it", "posts/{post}", opens(*MANAGES)),
            Right(
                "end a leader's post in it",
                "posts/{lead}",
                opens("leader", "commander"),
                beyond=opens("deputy"),
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>",
        {"leader": 200, "member": 200, "volunteer": 200},
        rights=(Right("see a unit and its counts", "units/{unit}", SEES),),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/children",
        LEADER,
        rights=(Right("see its sub-units", "units/{unit}/children", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        V1 + "volunteers/<str:kept>/merge",
        LEADER,
        body=lambda w, c: {"duplicate": w.number("member")},
        rights=(
            Right(
                "merge two records of a member",
                "volunteers/{member}/merge",
                opens(*MANAGES),
                lambda n: {"duplicate": n["twin"]},
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act("GET", V1 + "me/availability", ALL_200),
    Act("PUT", V1 + "me/availability", ALL_200, body=lambda w, c: {"weekly": [FRIDAY], "periods": []}),
    Act("GET", V1 + "skills", ALL_200, own=True),
    Act("GET", V1 + "me/consents", ALL_200),
    Act("PUT", V1 + "me/consents/<str:purpose>", ALL_200, body=lambda w, c: {"agreed": True, "version": 1}),
    Act("GET", V1 + "me/looks", ALL_200),
    Act(
        "GET",
        PERSON + "credentials",
        {"leader": 200, "volunteer": 200},
        rights=(Right("see a member's credentials", "volunteers/{member}/credentials", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        PERSON + "credentials",
        {"leader": 201},
        body=credential_body,
        rights=(Right("note a credential", "volunteers/{member}/credentials", opens(*MANAGES), _credential),),
    ),
    Act(
        "DELETE",
        PERSON + "credentials/<uuid:credential_id>",
        {"leader": 204},
        rights=(
            Right("revoke a credential", "volunteers/{member}/credentials/{credential}", opens(*MANAGES)),
        ),
    ),
    Act(
        "GET",
        PERSON + "guardians",
        {"leader": 200, "volunteer": 200},
        rights=(Right("see a member's guardians", "volunteers/{member}/guardians", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        PERSON + "guardians",
        {"leader": 201},
        body=guardian_body,
        rights=(Right("note a guardian", "volunteers/{member}/guardians", opens(*MANAGES), _guardian),),
    ),
    Act(
        "DELETE",
        PERSON + "guardians/<uuid:guardian_id>",
        {"leader": 204},
        rights=(
            Right(
                "note that a guardian withdraws", "volunteers/{member}/guardians/{guardian}", opens(*MANAGES)
            ),
        ),
    ),
)
