"""Reverse proxies that we trust, and their clients' addresses; no other module reads X-Forwarded-For and -Proto."""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NONE = "none"
"""The word that replaces the networks: the installation has no proxy."""
LONGEST = 80
"""Characters of a hop: an IPv6 address with its zone, in brackets, and a port."""
MOST_HOPS = 20
"""The longest chain of proxies that a header can describe; hops further away are ignored."""
_SCHEMES = {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"}
_PRIVATE = tuple(
    map(
        IPv4Network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    )
)
_PRIVATE_6 = tuple(map(IPv6Network, ("::1/128", "fc00::/7", "fe80::/10")))
_WIDEST = {4: 12, 6: 24}
"""The shortest prefix of a public network: a shorter one does not describe proxies."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks that may set X-Forwarded-For and X-Forwarded-Proto; the headers of all other peers are ignored.

    `stated`: the setting was given, even if it says that there is no proxy.
    """

    networks: tuple[Network, ...] = ()
    stated: bool = False

    def trust(self, address: Address) -> bool:
        """Tell whether an address belongs to a proxy."""
        return any(address in network for network in self.networks if network.version == address.version)

    def too_wide(self) -> list[Network]:
        """Return the networks that hold far more than proxies: a caller inside one can forge an address."""
        return [
            network
            for network in self.networks
            if not _is_private(network) and network.prefixlen < _WIDEST[network.version]
        ]

    def client(self, peer: str, forwarded: str) -> str:
        """Return the client of the outermost trusted proxy; `peer` itself if it is not a proxy.

        Each proxy appends the address of its peer to the header. So the header is read from its end, up to the first
        address that is not a proxy's. At an entry that is not an address the reading stops.
        """
        last = _address(peer)
        if last is None or not self.trust(last):
            return peer
        for text in reversed(forwarded.rsplit(",", MOST_HOPS)[-MOST_HOPS:] if forwarded else []):
            before = _address(text)
            if before is None:
                break
            last = before
            if not self.trust(last):
                break
        return str(last)

    def believe(self, scope: MutableMapping[str, Any]) -> None:
        """Replace the proxy's address and scheme by the client's in an ASGI scope."""
        if not self.networks or not scope.get("client"):
            return
        peer = scope["client"][0]
        address = _address(peer)
        if address is None or not self.trust(address):
            return
        client = self.client(peer, _joined(scope["headers"], b"x-forwarded-for"))
        if client != peer:
            scope["client"] = (client, 0)
        told = _joined(scope["headers"], b"x-forwarded-proto").rpartition(",")[2].strip().lower()
        if scheme := _SCHEMES.get(told.encode()):
            scope["scheme"] = scheme if scope["type"] == "http" else scheme.replace("http", "ws")


def read_proxies(texts: Sequence[str]) -> Proxies:
    """Return the proxies of the setting: networks or addresses, or the word `none`. Raises ValueError."""
    wanted = [text.strip() for text in texts if text.strip()]
    if wanted == [NONE]:
        return Proxies(stated=True)
    return Proxies(tuple(_network(text) for text in wanted), bool(wanted))


@lru_cache(maxsize=4_096)
def neighbourhood(address: str) -> str | None:
    """Return the key under which an address is counted: for IPv6 its /64 network, which one household owns."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        found = IPv6Address(int(found) >> 64 << 64)
    return None if found is None else str(found)


def _joined(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    """Return all values of a header as one list (RFC 9110)."""
    return ",".join(value.decode("latin-1") for name, value in headers if name == wanted)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"“{text}” is no network: write 10.1.2.0/24, 10.1.2.3 or 2001:db8::/64 ({error})"
        ) from error


def _is_private(network: Network) -> bool:
    if isinstance(network, IPv4Network):
        return any(network.subnet_of(one) for one in _PRIVATE)
    return any(network.subnet_of(one) for one in _PRIVATE_6)


def _address(text: str) -> Address | None:
    """Return the address in a hop: alone, with a port, in brackets; None for `unknown` or a name."""
    text = text.strip()
    return _parsed(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4_096)
def _parsed(text: str) -> Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
