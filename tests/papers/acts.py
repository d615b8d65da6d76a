"""What may be done over REST with occasions and collective papers, and by whom."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

from uuid6 import uuid7

from tests.contract.acts import (
    ALL_200,
    BELOW,
    DIRECTS,
    LEADER,
    LINE,
    MANAGES,
    OWN_AND_BELOW,
    POSTS,
    V1,
    Act,
    Names,
    Right,
    opens,
)
from tests.contract.doors import World
from tests.contract.full_force import picture

OCCASION, POLICY = V1 + "occasions/<uuid:occasion_id>", V1 + "policies/<uuid:policy_id>"
DESK = OCCASION + "/desks/<int:post_id>"
NEAR = LINE | BELOW
SEEN = opens(*DIRECTS, where=NEAR)
"""A post that directs sees the occasions of its unit, below it and above: tasks of its unit name these too."""
COMMANDS = opens("commander")
BEYOND = {post: NEAR - OWN_AND_BELOW if post == "commander" else SEEN[post] for post in POSTS}
"""Those who see an occasion and do not command its unit are told that they may not (403)."""
MADE = {"leader": 201}


def _time(at: Any) -> dict[str, str]:
    return {
        "from_at": (at - timedelta(hours=1)).isoformat(),
        "until_at": (at + timedelta(days=3)).isoformat(),
    }


def _occasion(world: World, caller: str) -> dict[str, Any]:
    unit = world.formation.squadron_a.number
    return {"id": str(uuid7()), "unit": unit, "name": "Missing child", **_time(world.at)}


def _policy(world: World, caller: str) -> dict[str, Any]:
    unit, occasion = world.formation.squadron_a.number, str(world.occasion)
    named = {"unit": unit, "occasion": occasion, "insurer": "PICC", "number": "7", "places": 100}
    return {"id": str(uuid7()), **named, **_time(world.at)}


def _people(world: World, caller: str) -> dict[str, Any]:
    return {"id": str(uuid7()), "people": [world.number("volunteer")]}


def _briefing(world: World, caller: str) -> dict[str, Any]:
    taught = {"trainer": world.number("leader"), "content": "Hills at night", "minutes": 20}
    return _people(world, caller) | taught


def _list(world: World, caller: str) -> dict[str, Any]:
    return _people(world, caller) | {"photo": b64encode(picture()).decode()}


def _ages(world: World, caller: str) -> dict[str, Any]:
    return {"id": str(uuid7()), "people": [{"volunteer": world.bystander, "document": "identity_card"}]}


def _opened(names: Names) -> dict[str, Any]:
    named = {"unit": names["unit"], "name": "Missing child"}
    return {"id": str(uuid7()), **named, "from_at": names["agreed_at"], "until_at": names["starts_at"]}


def _insurance(names: Names) -> dict[str, Any]:
    return {key: value for key, value in _opened(names).items() if key != "name"} | {
        "insurer": "PICC",
        "number": "7",
    }


def _named(names: Names, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid7()), "people": [names["member"]], **more}


ACTS = (
    Act("GET", V1 + "occasions", ALL_200, own=True),
    Act(
        "POST",
        V1 + "occasions",
        MADE,
        body=_occasion,
        rights=(Right("open an occasion of it", "occasions", opens(*MANAGES), _opened),),
    ),
    Act("GET", OCCASION, LEADER, rights=(Right("see an occasion of it", "occasions/{occasion}", SEEN),)),
    # The leader sees the occasion and commands nothing: the door is there, and closed. So it is to desks.
    Act(
        "POST",
        OCCASION + "/close",
        {"leader": 403},
        rights=(Right("close an occasion of it", "occasions/{occasion}/close", COMMANDS, beyond=BEYOND),),
    ),
    Act(
        "PUT",
        DESK,
        {"leader": 403},
        rights=(
            Right(
                "name a desk of an occasion of it",
                "occasions/{occasion}/desks/{post}",
                COMMANDS,
                beyond=BEYOND,
            ),
        ),
    ),
    Act(
        "DELETE",
        DESK,
        {"leader": 403},
        rights=(
            Right(
                "end a desk of an occasion of it",
                "occasions/{occasion}/desks/{desk}",
                COMMANDS,
                beyond=BEYOND,
            ),
        ),
    ),
    Act(
        "POST",
        OCCASION + "/briefings",
        MADE,
        body=_briefing,
        rights=(
            Right(
                "enter who was trained for an occasion of it",
                "occasions/{occasion}/briefings",
                opens(*MANAGES),
                lambda n: _named(n, trainer=n["head"], content="Hills at night", minutes=20),
            ),
        ),
    ),
    Act(
        "POST",
        OCCASION + "/agreements",
        MADE,
        body=_list,
        rights=(
            Right(
                "enter who signed for an occasion of it",
                "occasions/{occasion}/agreements",
                opens(*MANAGES),
                lambda n: _named(n, photo=b64encode(n["picture"]).decode()),
            ),
        ),
    ),
    Act(
        "GET",
        OCCASION + "/agreements/<uuid:sheet_id>/photo",
        LEADER,
        rights=(
            Right(
                "see the photo of a list signed for an occasion of it",
                "occasions/{occasion}/agreements/{signed}/photo",
                opens(*MANAGES),
            ),
        ),
    ),
    # Open to the holders of named posts alone; tests/papers/test_desks.py lets them.
    Act("POST", OCCASION + "/attestations", MADE, body=_ages, own=True),
    Act(
        "POST",
        V1 + "policies",
        MADE,
        body=_policy,
        rights=(Right("note a collective policy of it", "policies", opens(*MANAGES), _insurance),),
    ),
    Act(
        "GET",
        POLICY,
        LEADER,
        rights=(Right("see a collective policy of it", "policies/{policy}", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        POLICY + "/end",
        LEADER,
        rights=(Right("end a collective policy of it", "policies/{policy}/end", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        POLICY + "/people",
        MADE,
        body=_people,
        rights=(
            Right("insure a person by a policy of it", "policies/{policy}/people", opens(*MANAGES), _named),
        ),
    ),
)
