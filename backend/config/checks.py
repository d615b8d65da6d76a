"""System checks of contradicting settings: `manage.py check` shows them, and a server refuses to start with them."""

import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.checks import Warning as Doubt
from django.core.exceptions import ImproperlyConfigured

EDGE = "edge"
"""Tag of the checks that a server must pass before it listens."""
_NAME_THEM = "Set PROXIES to the addresses of your proxy, or to `none` if this process speaks TLS itself."


@register(EDGE)
def check_proxies(**_: Any) -> list[CheckMessage]:
    """Check which peers may name the client of a request."""
    return list(_contradictions())


def _contradictions() -> Iterator[CheckMessage]:
    https = any(origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS)
    if os.environ.get("BEHIND_PROXY", "").lower() not in ("", "false", "0", "no", "off"):
        yield Error("BEHIND_PROXY is gone: PROXIES says which proxies.", hint=_NAME_THEM, id="muster.E001")
    if settings.SESSION_COOKIE_SECURE and not settings.PROXIES.stated:
        yield Error(
            "SECURE_COOKIES needs TLS, and no proxy is trusted to say that it was used.",
            hint=_NAME_THEM,
            id="muster.E002",
        )
    if https and not settings.PROXIES.stated:
        yield Error(
            "CSRF_TRUSTED_ORIGINS has pages behind TLS, and no proxy is trusted.",
            hint=_NAME_THEM,
            id="muster.E003",
        )
    for network in settings.PROXIES.too_wide():
        yield Error(
            f"PROXIES trusts {network}: every client there could choose its own address.",
            hint="Name the networks of your proxies alone.",
            id="muster.E004",
        )
    if https and not settings.SESSION_COOKIE_SECURE:
        yield Doubt(
            "Cookies also go without TLS, though the pages are behind it.",
            hint="Set SECURE_COOKIES=true.",
            id="muster.W001",
        )


@register(EDGE)
def check_time(**_: Any) -> list[CheckMessage]:
    """Refuse a set time outside a rehearsal, and a rehearsal at a public address."""
    if settings.CLOCK is not None and not settings.REHEARSAL:
        return [
            Error(
                "CLOCK_SHOWS, CLOCK_SINCE or CLOCK_RATE set the time of a production installation.",
                hint="Take them out, or set REHEARSAL=true where nothing is real.",
                id="muster.E005",
            )
        ]
    if settings.REHEARSAL and settings.SESSION_COOKIE_SECURE:
        return [
            Error(
                "REHEARSAL is set where cookies need TLS: that is a production installation.",
                hint="Take out REHEARSAL, and CLOCK_SHOWS, CLOCK_SINCE and CLOCK_RATE with it.",
                id="muster.E006",
            )
        ]
    return []


def refuse_contradictions() -> None:
    """Raise ImproperlyConfigured with the contradicting settings; a server calls it before it listens."""
    found = [message for message in run_checks(tags=[EDGE]) if message.is_serious()]
    if found:
        raise ImproperlyConfigured("\n".join(f"{message.msg} {message.hint}" for message in found))
