"""What may be done over REST in numbers, and by whom."""

from typing import Any

from uuid6 import uuid7

from backend.numbers.queries.blocks import block_with_numbers
from tests.accounts.families import phone_of
from tests.contract.acts import DIRECTS, LEADER, MANAGES, MEETS, V1, Act, Names, Right, opens
from tests.contract.doors import World


def _registered(names: Names) -> dict[str, Any]:
    return {"number": names["free_number"], "name": "新人"}


def _walked_in(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "name": "新人"}


def _block_number(world: World, caller: str) -> dict[str, Any]:
    block = block_with_numbers(world.formation.squadron_a, world.block)
    return {"number": block.numbers[0].number, "name": caller}


def _of_family(names: Names) -> dict[str, Any]:
    return {**_walked_in(names), "phone": phone_of(names["member"]), "shared_phone": True}


ACTS = (
    Act(
        "GET",
        V1 + "numbers/<str:text>",
        {"leader": 200, "member": 200, "volunteer": 200},
        rights=(Right("look a member's number up", "numbers/{member}", MEETS),),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/number-blocks",
        LEADER,
        rights=(Right("see its blocks of numbers", "units/{unit}/number-blocks", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/number-blocks",
        {"leader": 201},
        body=lambda w, c: {"id": str(uuid7()), "size": 2},
        rights=(
            Right(
                "set numbers aside for it",
                "units/{unit}/number-blocks",
                opens(*MANAGES),
                lambda n: {"id": str(uuid7()), "size": 2},
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/number-blocks/<uuid:block_id>",
        LEADER,
        rights=(Right("see the numbers of a block", "units/{unit}/number-blocks/{block}", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/number-blocks/<uuid:block_id>/return",
        LEADER,
        rights=(Right("take a block back", "units/{unit}/number-blocks/{block}/return", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/registrations",
        {"leader": 201},
        body=_block_number,
        rights=(
            Right(
                "register a person from a block", "units/{unit}/registrations", opens(*MANAGES), _registered
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/walk-ins",
        {"leader": 201},
        body=lambda w, c: {"id": str(uuid7()), "name": "来帮忙的"},
        rights=(
            Right("register a walk-in", "units/{unit}/walk-ins", opens(*DIRECTS), _walked_in),
            Right(
                "register a walk-in on a phone that others have",
                "units/{unit}/walk-ins",
                opens(*MANAGES),
                _of_family,
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "volunteers/<str:temporary>/life-number",
        LEADER,
        rights=(
            Right(
                "give a walk-in a number for life",
                "volunteers/{walk_in}/life-number",
                opens(*MANAGES),
                beyond=opens("dispatcher"),
            ),
        ),
    ),
)
