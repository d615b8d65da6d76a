"""What may be done over REST in corrections, and by whom."""

from typing import Any

from uuid6 import uuid7

from backend.volunteers.models import Volunteer
from tests.accounts.families import phone_of
from tests.contract.acts import MANAGES, PERSON, V1, Act, Names, Right, opens
from tests.contract.doors import World


def _phone(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "phone": f"139{int(names['member']) % 100_000_000:08d}"}


def _shared(names: Names) -> dict[str, Any]:
    """Return the phone of another member, who has it still."""
    other = Volunteer.objects.exclude(number=int(names["member"])).earliest("pk")
    return {"id": str(uuid7()), "phone": phone_of(str(other.number)), "shared_phone": True}


def _name(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "name": "钱更正"}


def _of_world(world: World, caller: str) -> dict[str, Any]:
    return {"id": str(uuid7()), "name": f"钱{'甲乙丙丁'[len(caller) % 4]}"}


ONE = V1 + "corrections/<uuid:correction_id>/"

ACTS = (
    Act(
        "GET",
        PERSON + "corrections",
        {"leader": 200, "volunteer": 200},
        rights=(
            Right("see what was corrected of a member", "volunteers/{member}/corrections", opens(*MANAGES)),
        ),
    ),
    Act(
        "POST",
        PERSON + "corrections",
        {"leader": 201},
        body=_of_world,
        rights=(
            Right("correct a member's name", "volunteers/{member}/corrections", opens(*MANAGES), _name),
            Right("correct a member's phone", "volunteers/{member}/corrections", opens(*MANAGES), _phone),
            Right(
                "correct it to one that others have",
                "volunteers/{member}/corrections",
                opens(*MANAGES),
                _shared,
            ),
        ),
    ),
    Act(
        "POST",
        ONE + "undo",
        {"leader": 200, "volunteer": 200},
        rights=(Right("undo a correction", "corrections/{correction}/undo", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        ONE + "confirm",
        {"leader": 200},
        rights=(Right("vouch for a corrected phone", "corrections/{correction}/confirm", opens(*MANAGES)),),
    ),
)
