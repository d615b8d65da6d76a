"""Only proxies that the setting names say whom a request is from, and each of them is believed one step further."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.proxies import Proxies, neighbourhood, read_proxies

FLEET = read_proxies(["10.0.0.0/8", "2001:db8:1::/48"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # a stranger says that it is somebody else
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),  # the first was the client's own invention
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),  # two proxies behind one another
        ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.3,10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9"),  # a machine of ours is the client
        ("10.0.0.1", "198.51.100.1:40312", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:40312", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1::5", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:2::5", "198.51.100.1", "2001:db8:2::5"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, _hidden", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4.5", "10.0.0.1"),
        ("10.0.0.1", "999.1.1.1", "10.0.0.1"),
        ("10.0.0.1", "\x00\xff, '; DROP", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1" + ", 10.0.0.2" * 500, "10.0.0.2"),
        ("10.0.0.1", ("9" * 4_000 + ", ") * 3 + "198.51.100.1", "198.51.100.1"),
        ("unix:", "198.51.100.1", "unix:"),
    ],
)
def test_the_first_address_from_the_right_that_is_no_proxy_is_the_client(
    peer: str, forwarded: str, client: str
) -> None:
    assert FLEET.client(peer, forwarded) == client


@given(st.text(max_size=200))
def test_what_a_stranger_writes_never_matters_and_never_fails(forwarded: str) -> None:
    assert FLEET.client("192.0.2.7", forwarded) == "192.0.2.7"
    assert FLEET.client("10.0.0.1", f"{forwarded}, 198.51.100.1") == "198.51.100.1"


def scope_of(
    peer: str, *headers: tuple[str, str], type: str = "http", scheme: str = "http"
) -> dict[str, Any]:
    given = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": type, "scheme": scheme, "client": (peer, 4711), "headers": given}
    FLEET.believe(scope)
    return scope


@pytest.mark.parametrize(
    ("peer", "told", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "HTTPS", "https"),
        ("10.0.0.1", "https, http", "http"),  # the proxy next to us was spoken to without TLS
        ("10.0.0.1", "javascript", "http"),
        ("10.0.0.1", "", "http"),
        ("192.0.2.7", "https", "http"),
    ],
)
def test_the_scheme_is_believed_of_a_proxy_alone(peer: str, told: str, scheme: str) -> None:
    assert scope_of(peer, ("x-forwarded-proto", told))["scheme"] == scheme


def test_a_socket_behind_tls_is_wss() -> None:
    socket = scope_of("10.0.0.1", ("x-forwarded-proto", "https"), type="websocket", scheme="ws")

    assert socket["scheme"] == "wss"


def test_several_headers_are_one_list() -> None:
    scope = scope_of("10.0.0.1", ("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1"))

    assert scope["client"] == ("198.51.100.1", 0)


def test_without_the_setting_nothing_is_looked_at() -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "client": ("127.0.0.1", 4711),
        "headers": [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-proto", b"https")],
    }
    read_proxies([]).believe(scope)

    assert (scope["client"], scope["scheme"]) == (("127.0.0.1", 4711), "http")


def test_a_socket_file_has_no_address() -> None:
    scope = {"type": "http", "client": None, "headers": [(b"x-forwarded-for", b"198.51.100.1")]}
    FLEET.believe(scope)

    assert scope["client"] is None


@pytest.mark.parametrize(
    "wrong", ["10.0.0.1/8", "example.org", "10.0.0.0/33", "*", "::1/129", "none, 10.0.0.1"]
)
def test_what_is_no_network_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no network"):
        read_proxies(wrong.split(","))


def test_none_says_that_there_is_no_proxy() -> None:
    assert read_proxies(["none"]) == Proxies(stated=True)
    assert read_proxies(["", " "]) == Proxies(stated=False)


@pytest.mark.parametrize(
    ("network", "too_wide"),
    [
        ("0.0.0.0/0", True),
        ("128.0.0.0/1", True),
        ("::/0", True),
        ("2000::/3", True),
        ("8.0.0.0/8", True),
        ("10.0.0.0/8", False),
        ("104.16.0.0/13", False),
        ("2400:cb00::/32", False),
        ("fc00::/7", False),
        ("192.0.2.7", False),
    ],
)
def test_networks_of_the_whole_world_are_seen(network: str, too_wide: bool) -> None:
    assert bool(read_proxies([network]).too_wide()) is too_wide


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("garbage", None),
    ],
)
def test_an_address_of_ipv6_is_counted_as_its_network(address: str, counted: str | None) -> None:
    assert neighbourhood(address) == counted
