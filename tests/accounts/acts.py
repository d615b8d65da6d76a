"""What may be done over REST in accounts, and by whom."""

from datetime import UTC, datetime
from typing import Any

from uuid6 import uuid7

from backend.accounts.services.choices import ask_which
from tests.conftest import PASSWORD
from tests.contract.acts import ALL_200, ALL_204, FACTOR, LEADER, V1, Act, challenge_of, own_code
from tests.contract.doors import SIGNED_IN, WITHOUT_TOKEN, World


def _refresh(world: World, caller: str) -> dict[str, Any]:
    """Everybody brings what they have: an access token is not a refresh token."""
    if caller == "revoked":
        return {"refresh": world.signed_out["leader"].tokens.refresh}
    if caller in WITHOUT_TOKEN:
        return {"refresh": world.callers["leader"].tokens.access}
    return {"refresh": world.callers[caller].tokens.refresh}


def _chosen(world: World, caller: str) -> dict[str, Any]:
    """Only the leader has shown the password that another person of the phone has too."""
    device, token = uuid7(), "a guess"
    if caller == "leader":
        users = [world.callers[name].user for name in ("leader", "volunteer")]
        token = ask_which(users, device_id=device, at=datetime.now(UTC)).choice
    return {"choice": token, "number": world.number("leader"), "device": {"id": str(device)}}


ACTS = (
    Act("POST", V1 + "sign-in/person", LEADER, others=401, body=_chosen),
    Act("POST", V1 + "token/refresh", ALL_200, body=_refresh, own=True),
    Act("GET", V1 + "me/devices", ALL_200),
    Act("DELETE", V1 + "me/devices/<uuid:device_id>", {"leader": 204}),
    Act(
        "POST",
        V1 + "sign-in/second-factor/code",
        {"leader": 204},
        others=401,
        body=lambda w, c: {"challenge": challenge_of(w) if c == "leader" else str(uuid7())},
    ),
    Act(
        "POST",
        V1 + "sign-in/second-factor/set-up",
        {"leader": 201},
        others=401,
        body=lambda w, c: {"challenge": challenge_of(w, True) if c == "leader" else str(uuid7())},
    ),
    Act("GET", FACTOR, ALL_200),
    Act("POST", FACTOR, dict.fromkeys(SIGNED_IN, 201)),
    Act("POST", FACTOR + "/confirm", LEADER, body=lambda w, c: own_code(w, c, False)),
    Act("POST", FACTOR + "/remove", {"leader": 204}, body=own_code),
    Act("POST", FACTOR + "/recovery-codes", LEADER, body=own_code),
    Act(
        "POST",
        V1 + "me/password",
        ALL_204,
        body=lambda w, c: {"current": PASSWORD, "new": "eleven green bicycles"},
    ),
)
