"""What may be done over REST in readiness, and by whom."""

from typing import Any

from uuid6 import uuid7

from tests.contract.acts import ALL_200, DIRECTS, LEADER, MANAGES, PERSON, V1, Act, Names, Right, opens
from tests.contract.doors import word_body


def _word(names: Names) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "categories": ["patrol"],
        "said_yes": True,
        "how": "in_person",
        "said_at": names["agreed_at"],
    }


ACTS = (
    Act("GET", V1 + "me/waking", ALL_200),
    Act("PUT", V1 + "me/waking", ALL_200, body=lambda w, c: {"refused_categories": ["legal"]}),
    Act(
        "GET",
        PERSON + "waking",
        {"leader": 200, "volunteer": 200},
        rights=(Right("see for what a member may be woken", "volunteers/{member}/waking", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        PERSON + "waking/words",
        {"leader": 201},
        body=word_body,
        rights=(
            Right(
                "note that a member agrees by voice to being woken",
                "volunteers/{member}/waking/words",
                opens(*MANAGES),
                _word,
            ),
        ),
    ),
    Act(
        "DELETE",
        PERSON + "waking/words/<uuid:word_id>",
        {"leader": 204, "volunteer": 204},
        rights=(
            Right(
                "end a leader's word on waking", "volunteers/{member}/waking/words/{word}", opens(*MANAGES)
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/readiness",
        LEADER,
        query=lambda w, c: "category=patrol",
        rights=(Right("count who may be woken", "units/{unit}/readiness?category=patrol", opens(*DIRECTS)),),
    ),
)
