"""What may be done over REST in realtime, and by whom."""

from backend.realtime.log import epochs
from tests.contract.acts import ALL_200, V1, WITHOUT_200, Act
from tests.contract.doors import cursors_of

ACTS = (
    Act(
        "POST",
        V1 + "catch-up",
        ALL_200,
        rightful="volunteer",
        body=lambda w, c: {"cursors": cursors_of(w, c)},
        own=True,
    ),
    Act(
        "POST",
        V1 + "receipts",
        ALL_200,
        rightful="volunteer",
        body=lambda w, c: {"epoch": epochs.current(), "delivered": cursors_of(w, c), "seen": {}},
        own=True,
    ),
    Act("GET", "healthz", ALL_200 | WITHOUT_200, dead=200),
    Act("GET", "readyz", ALL_200 | WITHOUT_200, dead=200),
    Act("GET", "metrics", {}, dead=404),
)
