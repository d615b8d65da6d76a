"""Two real processes behind a proxy at one address, and strangers at another who say that they are somebody else."""

import re
from collections.abc import Iterator
from itertools import count, islice, repeat
from urllib.parse import urlencode

import jwt
import pytest
from uuid6 import uuid7

from backend.realtime.socket.admission import FAILED_AT_ONCE
from tests.flows.conftest import PROXY, STRANGER
from tests.flows.installation import Installation
from tests.flows.raw import HELLO, Raw

pytestmark = [
    pytest.mark.waits,
    pytest.mark.embedded,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("edge"),
]

WRONG = 10
"""Wrong passwords after which an account is locked for an address."""


def guess(edge_web: Installation, source: str, forwarded: str) -> int:
    """Return what a wrong password is answered with."""
    body = {
        "identifier": edge_web.force["OTHER_NUMBER"],
        "password": "a wrong guess",
        "device": {"id": str(uuid7()), "platform": "other"},
    }
    with Raw(edge_web.server.port, source) as peer:
        return peer.request("POST", "/api/v1/sign-in", body, {"X-Forwarded-For": forwarded}).status


def test_guesses_behind_a_proxy_are_counted_by_the_client(edge_web: Installation) -> None:
    first = [guess(edge_web, PROXY, "203.0.113.7") for _ in range(WRONG + 1)]
    beyond = guess(edge_web, PROXY, "203.0.113.99, 203.0.113.7, 127.0.0.9")  # the same, by way of two proxies
    other = guess(edge_web, PROXY, "203.0.113.7, 203.0.113.8")

    assert (first[-1], beyond, other) == (429, 429, 401)


def test_guesses_of_a_stranger_are_counted_whatever_it_says(edge_web: Installation) -> None:
    answers = [guess(edge_web, STRANGER, f"198.51.100.{n}") for n in range(WRONG + 1)]

    assert (answers[0], answers[-1]) == (401, 429)


def junk(edge_sockets: Installation, source: str, forwarded: str) -> int:
    """Return the code that a hello of garbage is closed with."""
    with Raw(edge_sockets.server.port, source) as peer:
        peer.handshake({"X-Forwarded-For": forwarded})
        peer.say("junk")
        return int(peer.heard()["close"])


def is_held_off(edge_sockets: Installation, source: str, clients: Iterator[str]) -> bool:
    """Send junk until the server takes no more; tell whether it came to that. While we send it forgives 20 a second."""
    return any(
        junk(edge_sockets, source, client) == 4290 for client in islice(clients, 8 * int(FAILED_AT_ONCE))
    )


def good(edge_sockets: Installation, source: str, forwarded: str) -> dict[str, object]:
    """Return what a phone that signs in is answered."""
    bearer = {"Authorization": f"Bearer {edge_sockets.tokens['NUMBER']}", "X-Forwarded-For": forwarded}
    with Raw(edge_sockets.server.port, source) as peer:
        peer.handshake(bearer)
        peer.say(HELLO)
        return peer.heard()


def test_a_flood_of_one_client_keeps_no_other_phone_of_the_proxy_out(edge_sockets: Installation) -> None:
    assert is_held_off(edge_sockets, PROXY, repeat("203.0.113.66"))
    assert good(edge_sockets, PROXY, "203.0.113.66").get("close") == 4290
    assert good(edge_sockets, PROXY, "203.0.113.67")["reply"] == 0
    assert good(edge_sockets, PROXY, "2001:db8:7::1")["reply"] == 0


def test_a_crowd_with_tokens_that_have_expired_keeps_nobody_out(edge_sockets: Installation) -> None:
    claims = jwt.decode(edge_sockets.tokens["NUMBER"], options={"verify_signature": False})
    key = edge_sockets.server.environment["SECRET_KEY"]
    expired = jwt.encode({**claims, "iat": claims["iat"] - 9_000, "exp": claims["iat"] - 8_000}, key)
    forged = jwt.encode({**claims, "exp": claims["iat"] - 8_000}, key + "x")

    for token in (expired, forged):
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.90"}
        for _ in range(int(FAILED_AT_ONCE) + 100):
            with Raw(edge_sockets.server.port, PROXY) as peer:
                peer.handshake(headers)
                peer.say(HELLO)
                closed = peer.heard()["close"]
                assert closed == 4401 or (token is forged and closed == 4290)
        if token is expired:
            assert good(edge_sockets, PROXY, "203.0.113.90")["reply"] == 0


def test_a_stranger_who_floods_cannot_put_it_on_others(edge_sockets: Installation) -> None:
    assert is_held_off(edge_sockets, STRANGER, (f"203.0.113.{n % 250}" for n in count()))
    assert good(edge_sockets, STRANGER, "198.51.100.77")["close"] == 4290
    assert good(edge_sockets, PROXY, "203.0.113.5")["reply"] == 0


def test_a_household_with_addresses_of_ipv6_is_one_address(edge_sockets: Installation) -> None:
    assert is_held_off(edge_sockets, PROXY, (f"2001:db8:1:2::{n:x}" for n in count(1)))
    assert good(edge_sockets, PROXY, "2001:db8:1:3::1")["reply"] == 0


def sign_in_on_page(edge_web: Installation, source: str) -> tuple[int, str]:
    """Sign a browser in whose page came by TLS, by its own account; return the status and the session's cookie."""
    tls = {"X-Forwarded-Proto": "https"}
    with Raw(edge_web.server.port, source) as peer:
        page = peer.request("GET", "/sign-in/", headers=tls)
        token = page.headers["set-cookie"].partition("csrftoken=")[2].partition(";")[0]
        fields = {
            "csrfmiddlewaretoken": token,
            "identifier": edge_web.force["LEADER"],
            "password": edge_web.force["PASSWORD"],
        }
        told = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={token}",
            "Origin": "https://127.0.0.1",
        }
        answer = peer.request("POST", "/sign-in/", urlencode(fields).encode(), tls | told)
    cookies = re.findall(r"sessionid=(\w+)", answer.headers.get("set-cookie", ""))
    return answer.status, cookies[0] if cookies else ""


def test_tls_is_believed_of_the_proxy_alone(edge_web: Installation) -> None:
    assert sign_in_on_page(edge_web, PROXY)[0] == 302
    assert sign_in_on_page(edge_web, STRANGER)[0] == 403


@pytest.mark.parametrize(
    ("origin", "forwarded", "opens"),
    [
        ("https://127.0.0.1", "https", True),
        ("http://127.0.0.1", "https", False),  # the same host, by a page that anybody on the way can change
        ("https://127.0.0.1", "http", False),
        ("https://127.0.0.1:443x", "https", False),
        ("null", "https", False),
    ],
)
def test_the_cookie_opens_a_socket_for_pages_of_the_same_scheme(
    edge_web: Installation, edge_sockets: Installation, origin: str, forwarded: str, opens: bool
) -> None:
    _, session = sign_in_on_page(edge_web, PROXY)
    headers = {"Cookie": f"sessionid={session}", "Origin": origin, "X-Forwarded-Proto": forwarded}
    with Raw(edge_sockets.server.port, PROXY) as peer:
        peer.handshake(headers)
        peer.say(HELLO)
        heard = peer.heard()

    assert heard.get("close", 0) == (0 if opens else 4401)
