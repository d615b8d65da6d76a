"""What may be done over REST in badges, and by whom."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image
from uuid6 import uuid7

from tests.contract.acts import ALL_200, ALL_204, DIRECTS, MANAGES, PERSON, V1, WITHOUT_200, Act, Right, opens
from tests.contract.doors import World


def _photo(world: World, caller: str) -> dict[str, Any]:
    written = BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    return {"image": b64encode(written.getvalue()).decode()}


ACTS = (
    Act(
        "GET",
        V1 + "units/<str:number>/signs.pdf",
        {"leader": 200},
        query=lambda world, caller: "kind=vest",
        rights=(Right("print its signs", "units/{unit}/signs.pdf?kind=arm_band", opens(*MANAGES)),),
    ),
    # Badges and pictures.
    Act(
        "GET",
        PERSON + "badge",
        {"leader": 200, "volunteer": 200},
        rights=(Right("see a member's badge", "volunteers/{member}/badge", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        PERSON + "badge",
        {"leader": 201, "volunteer": 403},
        body=lambda w, c: {"id": str(uuid7())},
        rights=(
            Right(
                "issue a badge",
                "volunteers/{member}/badge",
                opens(*MANAGES),
                lambda n: {"id": str(uuid7())},
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act(
        "POST",
        PERSON + "badge/revoke",
        {"leader": 204, "volunteer": 403},
        body=lambda w, c: {"reason": "lost"},
        rights=(
            Right(
                "revoke a badge",
                "volunteers/{member}/badge/revoke",
                opens(*MANAGES),
                lambda n: {"reason": "lost"},
                beyond=opens("dispatcher"),
            ),
        ),
    ),
    Act(
        "GET",
        PERSON + "badge/card.svg",
        {"leader": 200, "volunteer": 200},
        rights=(Right("see a member's card", "volunteers/{member}/badge/card.svg", opens(*DIRECTS)),),
    ),
    Act(
        "GET",
        PERSON + "badge/card.pdf",
        {"leader": 200, "volunteer": 200},
        rights=(Right("print a member's card", "volunteers/{member}/badge/card.pdf", opens(*DIRECTS)),),
    ),
    Act(
        "GET",
        PERSON + "photo",
        {"leader": 200, "volunteer": 200},
        rights=(Right("see a member's photo", "volunteers/{member}/photo", opens(*DIRECTS)),),
    ),
    Act("PUT", V1 + "me/photo", ALL_204, body=_photo),
    Act("DELETE", V1 + "me/photo", ALL_204),
    Act("GET", V1 + "badges/check", ALL_200 | WITHOUT_200, dead=200, query=lambda w, c: "badge=x", own=True),
    Act("GET", V1 + "badges/keys", ALL_200 | WITHOUT_200, dead=200, own=True),
    Act("GET", V1 + "badges/revoked", ALL_200 | WITHOUT_200, dead=200, own=True),
)
