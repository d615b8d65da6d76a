"""Finds what a socket brings for signing in: a header, a subprotocol, or the session cookie of a page of ours."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import parse_cookie

from backend.realtime.registry import Credentials


def credentials_of(scope: dict[str, Any]) -> Credentials:
    """Return the credentials in a WebSocket handshake.

    Native apps send `Authorization: Bearer`, browsers without a session the subprotocol `bearer.<token>`. The cookie
    counts only when the Origin is this host or a trusted one, for a browser sends it from any page.
    """
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return Credentials(token=token.strip())
    for subprotocol in scope.get("subprotocols", ()):
        if subprotocol.startswith("bearer."):
            return Credentials(token=subprotocol.removeprefix("bearer."))
    # Not SimpleCookie, which raises at a cookie of somebody else's that it does not like.
    session_key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    if session_key.isalnum() and _is_own_origin(headers):
        return Credentials(session_key=session_key)
    return Credentials()


def _is_own_origin(headers: dict[str, str]) -> bool:
    origin = headers.get("origin", "")
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(host) and (host == headers.get("host") or origin in settings.CSRF_TRUSTED_ORIGINS)
