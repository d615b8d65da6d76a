"""What may be done over REST in tracking, and by whom."""

from tests.contract.acts import ALL_200, DIRECTS, LEADER, TRACKERS, V1, Act, Right, opens
from tests.contract.doors import SIGNED_IN, fixes

ACTS = (
    Act("GET", V1 + "me/trackers", ALL_200),
    Act("POST", V1 + "me/trackers", dict.fromkeys(SIGNED_IN, 201), body=lambda w, c: {"name": c}),
    Act("DELETE", V1 + "me/trackers/<uuid:tracker_id>", {"leader": 204}),
    # A token opens none of the trackers' doors; tests/tracking/test_trackers.py tries them with secrets.
    Act("POST", TRACKERS[0], {}, others=401, body=lambda w, c: {"_type": "location"}),
    Act("GET", TRACKERS[1], {}, others=401, query=lambda w, c: "id=a-guess&lat=29.4&lon=119.9"),
    Act("POST", TRACKERS[1], {}, others=401, body=lambda w, c: {"device_id": "a guess"}),
    Act(
        "GET",
        V1 + "units/<str:number>/nearest",
        LEADER,
        query=lambda w, c: "lon=119.9&lat=29.4&datum=wgs84",
        rights=(
            Right(
                "find who is nearest to a place",
                "units/{unit}/nearest?lon=119.9&lat=29.4&datum=wgs84",
                opens(*DIRECTS),
            ),
        ),
    ),
    Act("POST", V1 + "positions", ALL_200, rightful="volunteer", body=fixes, own=True),
)
