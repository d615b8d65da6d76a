"""Finds the credentials of a socket: in a header, a subprotocol, or the session cookie of one of our pages."""

from collections.abc import MutableMapping
from typing import Any

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from backend.realtime.registry import Credentials


def credentials_of(scope: MutableMapping[str, Any], *, any_origin: bool = False) -> Credentials:
    """Return the credentials in a WebSocket handshake, or in the headers of a request.

    |Native apps send `Authorization: Bearer`, browsers without a session the subprotocol `bearer.<token>`. The cookie
    counts only when the Origin is this host or a trusted one, because a browser sends it from any page.
    """
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return Credentials(token=token.strip())
    for subprotocol in scope.get("subprotocols", ()):
        if subprotocol.startswith("bearer."):
            return Credentials(token=subprotocol.removeprefix("bearer."))
    # Not SimpleCookie, which raises at a foreign cookie that it cannot parse.
    session_key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    if session_key.isalnum() and (any_origin or _is_own_origin(headers, scope.get("scheme", "ws"))):
        return Credentials(session_key=session_key)
    return Credentials()


def is_own_host(host: bytes) -> bool:
    """Tell whether a Host header names this server, by Django's rule for requests."""
    domain, _ = split_domain_port(host.decode("latin-1"))
    allowed = settings.ALLOWED_HOSTS
    if settings.DEBUG and not allowed:
        allowed = [".localhost", "127.0.0.1", "[::1]"]
    return bool(domain) and validate_host(domain, allowed)


def _is_own_origin(headers: dict[str, str], scheme: str) -> bool:
    """Tell whether one of our pages opens the socket: the same scheme, host and port, by Django's rule for forms."""
    origin = headers.get("origin", "")
    own = f"{'https' if scheme == 'wss' else 'http'}://{headers.get('host', '')}"
    return origin == own or any(_is_among(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _is_among(origin: str, trusted: str) -> bool:
    """Tell whether an origin equals the trusted one or matches its wildcard: `https://*.example.org`."""
    before, star, after = trusted.partition("*")
    return origin == trusted or bool(star and origin.startswith(before) and origin.endswith(after))
