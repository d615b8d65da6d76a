"""What may be done over REST at duty desks, and by whom."""

from datetime import datetime, timedelta
from typing import Any

from uuid6 import uuid7

from tests.contract.acts import DIRECTS, LEADER, MANAGES, V1, Act, Right, opens
from tests.contract.doors import World

DESK = V1 + "units/<str:number>/desk"
NONE_HERE = {"leader": 409}
"""What the leader of a squadron is answered: desks are of brigades and the levels above."""
PHONE = {"phone": "057988887777"}


def _shift(volunteer: str, at: datetime) -> dict[str, Any]:
    begins = at + timedelta(days=9)
    once = {"from_at": begins.isoformat(), "until_at": (begins + timedelta(hours=8)).isoformat()}
    return {"id": str(uuid7()), "volunteer": volunteer, "once": once}


def _of_world(world: World, caller: str) -> dict[str, Any]:
    return _shift(world.bystander, world.at)


ACTS = (
    Act(
        "GET",
        DESK,
        LEADER,
        rights=(Right("see its duty desk, and who answers for it", "units/{unit}/desk", opens(*DIRECTS)),),
    ),
    Act(
        "PUT",
        DESK,
        NONE_HERE,
        body=lambda world, caller: PHONE,
        rights=(
            Right(
                "give it a duty desk, or the desk a telephone",
                "units/{unit}/desk",
                opens(*MANAGES),
                lambda n: PHONE,
                lowest=409,
            ),
        ),
    ),
    Act(
        "DELETE",
        DESK,
        NONE_HERE,
        rights=(Right("end its duty desk", "units/{unit}/desk", opens(*MANAGES), lowest=409),),
    ),
    Act(
        "GET",
        DESK + "/shifts",
        LEADER,
        rights=(Right("see the plan of its duty desk", "units/{unit}/desk/shifts", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        DESK + "/shifts",
        NONE_HERE,
        body=_of_world,
        rights=(
            Right(
                "plan a shift at its duty desk",
                "units/{unit}/desk/shifts",
                opens(*MANAGES),
                lambda n: _shift(n["member"], datetime.fromisoformat(n["agreed_at"])),
                lowest=409,
            ),
        ),
    ),
    Act(
        "DELETE",
        DESK + "/shifts/<uuid:shift_id>",
        NONE_HERE,
        rights=(
            Right(
                "take a shift out of the plan of its duty desk",
                "units/{unit}/desk/shifts/{shift}",
                opens(*MANAGES),
                lowest=409,
            ),
        ),
    ),
    Act(
        "GET",
        DESK + "/hand-overs",
        LEADER,
        rights=(
            Right(
                "see what is handed over at its duty desk", "units/{unit}/desk/hand-overs", opens(*DIRECTS)
            ),
        ),
    ),
    # Only the people of the plan, around their turns; tests/desks/test_hand_overs.py lets them.
    Act(
        "POST",
        DESK + "/hand-overs",
        {},
        body=lambda world, caller: {"id": str(uuid7()), "matters": []},
        own=True,
    ),
    Act("POST", DESK + "/hand-overs/<uuid:hand_over_id>/take", {}, own=True),
)
