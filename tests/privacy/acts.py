"""What may be done over REST in privacy, and by whom."""

from tests.conftest import PASSWORD
from tests.contract.acts import ALL_200, V1, Act
from tests.contract.doors import SIGNED_IN

ACTS = (
    Act("GET", V1 + "me/export", ALL_200),
    Act(
        "POST",
        V1 + "me/identity",
        dict.fromkeys(SIGNED_IN, 204),
        body=lambda w, c: {
            "born_on": str(w.callers[c].user.volunteer.born_on if c in w.callers else "1980-01-01")
        },
    ),
    Act("POST", V1 + "me/deletion", ALL_200, body=lambda w, c: {"password": PASSWORD}),
)
