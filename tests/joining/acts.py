"""What may be done over REST in joining, and by whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

from uuid6 import uuid7

from backend.accounts.codes import key_of
from backend.accounts.models import SignInCode
from backend.accounts.services.sign_in_codes import KIND
from tests.contract.acts import ALL_200, ALL_204, LEADER, MANAGES, PERSON, V1, Act, Right, as_they_wish, opens
from tests.contract.doors import APPLICANT, SIGNED_IN, World


def _transfer(**ends: str) -> dict[str, Any]:
    return {"id": str(uuid7()), **ends}


def _apply(world: World, caller: str) -> dict[str, Any]:
    phone = f"1390001{len(caller):04d}"
    return {"id": str(uuid7()), "unit": world.formation.squadron_a.number, "name": "钱", "phone": phone}


def _transfer_away(world: World, caller: str) -> dict[str, Any]:
    """Send the bystander away; the sibling asks for them in squadron B, which that one leads."""
    to = world.formation.squadron_c if caller == "leader" else world.formation.squadron_b
    ends = {"from_unit": world.formation.squadron_a.number, "to_unit": to.number}
    return {"id": str(uuid7()), "volunteer": world.bystander, **ends}


def _by_code(world: World, caller: str) -> dict[str, Any]:
    """Return a code of the leader's for the volunteer; the others guess."""
    code = "000-000-000"
    if caller == "volunteer":
        code, at, leader = "294-557-294", datetime.now(UTC), world.callers["leader"].user
        SignInCode.objects.create(
            user=world.callers[caller].user,
            code_key=key_of(code, KIND),
            made_by=leader,
            by_post=leader.volunteer.posts.get().pk,
            ends_others=False,
            made_at=at,
            expires_at=at + timedelta(minutes=10),
        )
    return {"identifier": world.number("volunteer"), "code": code, "device": {"id": str(uuid7())}}


ACTS = (
    Act("POST", V1 + "sign-in/code", {"volunteer": 200}, others=401, body=_by_code),
    Act(
        "POST",
        PERSON + "sign-in-codes",
        {"leader": 201, "volunteer": 403},
        rights=(
            Right(
                "make a code by which a member signs in",
                "volunteers/{member}/sign-in-codes",
                opens(*MANAGES),
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act(
        "DELETE",
        PERSON + "devices",
        {"leader": 204, "volunteer": 403},
        rights=(
            Right(
                "sign a member out on all devices",
                "volunteers/{member}/devices",
                opens(*MANAGES),
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act("POST", V1 + "applications", dict.fromkeys(SIGNED_IN, 202), body=_apply, dead=202, own=True),
    Act(
        "POST",
        V1 + "applications/<uuid:application_id>/withdraw",
        ALL_204,
        body=lambda w, c: {"phone": APPLICANT if c == "nobody" else "13900000009"},
        dead=204,
        own=True,
    ),
    Act(
        "POST",
        V1 + "applications/<uuid:application_id>/approve",
        LEADER,
        rights=(Right("approve an application", "applications/{application}/approve", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "applications/<uuid:application_id>/reject",
        LEADER,
        body=as_they_wish,
        rights=(
            Right(
                "reject an application",
                "applications/{application}/reject",
                opens(*MANAGES),
                lambda n: {"reason": "lives elsewhere"},
            ),
        ),
    ),
    Act("GET", V1 + "transfers", ALL_200, own=True),
    Act(
        "POST",
        V1 + "transfers",
        {"leader": 201, "sibling": 201},
        body=_transfer_away,
        rights=(
            Right(
                "propose a member of it to another unit",
                "transfers",
                opens(*MANAGES),
                lambda n: _transfer(volunteer=n["member"], from_unit=n["unit"], to_unit=n["elsewhere"]),
            ),
            Right(
                "ask for another unit's member",
                "transfers",
                opens(*MANAGES),
                lambda n: _transfer(volunteer=n["resident"], from_unit=n["elsewhere"], to_unit=n["unit"]),
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "transfers/<uuid:transfer_id>/accept",
        LEADER,
        rights=(
            Right("accept who is proposed to it", "transfers/{coming}/accept", opens(*MANAGES)),
            Right("let a member go who was asked for", "transfers/{going}/accept", opens(*MANAGES)),
        ),
    ),
    Act(
        "POST",
        V1 + "transfers/<uuid:transfer_id>/decline",
        LEADER,
        rights=(Right("decline who is proposed to it", "transfers/{coming}/decline", opens(*MANAGES)),),
    ),
    # Only who proposed it, or whom it concerns; tests/joining/test_transfers.py lets them.
    Act("POST", V1 + "transfers/<uuid:transfer_id>/withdraw", {}, own=True),
    Act(
        "GET",
        V1 + "units/<str:number>/applications",
        LEADER,
        rights=(Right("see who applies to it", "units/{unit}/applications", opens(*MANAGES)),),
    ),
)
