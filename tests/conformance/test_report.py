"""What the kit says of a fault has no secret in it."""

import pytest

from simulator.conformance.report import shown
from simulator.conformance.trace import Answered, Asked, Closed, Seen, Sent

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
SECRET = "correct-horse"


@pytest.mark.parametrize(
    "entry",
    [
        Asked(method="GET", target=f"/ws/v1/?access_token={JWT}", headers={}, opens=True),
        Asked(method="GET", target=f"/ws/v1/?token={SECRET}&a=1", headers={}, opens=True),
        Asked(method="GET", target="/ws/v1/", headers={"sec-websocket-protocol": f"muster.v1, bearer.{JWT}"}),
        Asked(method="POST", target="/api/v1/sign-in", headers={}, body={"password": SECRET}),
        Asked(method="GET", target="/api/v1/me", headers={"authorization": f"Bearer {JWT}"}),
        Answered(
            asked=Asked(method="POST", target="/api/v1/token/refresh", headers={}),
            status=200,
            body={"refresh": SECRET, "access": JWT, "nested": [{"trust_secret": SECRET}]},
        ),
        Sent(socket=1, frame={"type": "session.renew", "body": {"token": SECRET}}, text=""),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_secrets_are_hidden(entry: Seen) -> None:
    said = shown(entry)

    assert JWT not in said
    assert SECRET not in said
    assert "…" in said


def test_what_was_seen_is_told_as_people_read_it() -> None:
    asked = Asked(method="GET", target="/ws/v1/", headers={"user-agent": "app", "content-type": "text/plain"})

    assert shown(asked) == "GET /ws/v1/ content-type: text/plain"
    assert shown(Closed(socket=1, code=1006, by="phone")) == "closed with 1006 by the phone"
