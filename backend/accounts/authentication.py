"""Tells REST who calls: by the access token of a device, or by the session of a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import activate
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backend.accounts.models import Device, User
from backend.accounts.services.devices import note_arrival, prolong_long_page
from backend.accounts.services.refusals import IntroducedSession
from backend.accounts.tokens import read_access
from backend.lib.clock import now, passing
from backend.lib.errors import NotSignedIn, Refusal

PROLONGED_EVERY = timedelta(days=1)
"""How often a use of a page is noted: a year is counted in days, and each note writes two rows."""


@dataclass(frozen=True, slots=True)
class SignedInDevice:
    """What stands behind a request (`request.auth`): the device, its sign-in, and until when the token is good."""

    device: UUID
    session: UUID
    expires_at: datetime | None = None
    introduced: bool = False
    """Whether another person has seen the code by which it was signed in."""


def user_of(request: Request) -> User:
    """Return who calls; only for doors that are closed to those who have not signed in."""
    return cast(User, request.user)


def django_request(request: Request) -> HttpRequest:
    """Return Django's own request, for Django's own sign-in and sessions."""
    return request._request  # noqa: SLF001  # DRF has no public name for it


def device_of(request: Request) -> UUID:
    """Return the device from which the call comes."""
    return cast(SignedInDevice, request.auth).device


def require_full_sign_in(request: Request) -> None:
    """Raise IntroducedSession to a device that was signed in by a code which another person has seen."""
    if getattr(request.auth, "introduced", False):  # some doors ask for no sign-in
        raise IntroducedSession


def is_introduced_page(request: HttpRequest, user: Any) -> bool:
    """Tell whether this person's page was signed in by such a code; no page that is signed out is."""
    try:
        return page_device(user.pk or 0, request.session.get("device")).introduced
    except NotSignedIn:
        return False


def speak_to(user: User) -> None:
    """Go on in the language that a person has chosen; until they choose it is that of the phone (`Accept-Language`)."""
    if user.language:
        activate(user.language)


def user_by_token(raw: str) -> tuple[User, SignedInDevice]:
    """Return whose access token this is, with their volunteer; one query. Raises NotSignedIn."""
    claims = read_access(raw)
    device = (
        Device.objects.of_open_accounts()
        .select_related("user__volunteer")
        .filter(
            pk=claims.device,
            session=claims.session,
            user_id=claims.user_id,
            user__volunteer__isnull=False,
        )
        .first()
    )
    if device is None:
        raise NotSignedIn
    if not device.pair_arrived and device.rotated_at and claims.is_of_the_pair(device.rotated_at):
        note_arrival({device.pk: device.rotated_at})
    device.user.introduced = device.introduced
    return device.user, SignedInDevice(device.pk, device.session, claims.expires_at, device.introduced)


def page_device(user_id: int, session_device: Any, *, revoked: type[Refusal] = NotSignedIn) -> Device:
    """Return the live device behind a page's session, with its user and volunteer.

    Raises NotSignedIn; `revoked` when the session's device or account has been revoked.
    """
    try:
        device_id = UUID(str(session_device))
    except ValueError as error:
        raise NotSignedIn from error
    device = (
        Device.objects.of_open_accounts()
        .select_related("user__volunteer")
        .filter(
            pk=device_id,
            user_id=user_id,
            user__volunteer__isnull=False,
        )
        .first()
    )
    if device is None:
        raise revoked
    if now() - device.last_seen_at >= passing(device.lifetime):
        raise NotSignedIn  # its session was made to last longer than its person's post allows
    device.user.introduced = device.introduced
    return device


def prolong_page(request: HttpRequest, device: Device) -> None:
    """Count the time of a page that lasts long from now: its device's, and that of its cookie; once a day."""
    at = now()
    if at - device.last_seen_at > PROLONGED_EVERY and prolong_long_page(device_id=device.pk, at=at):
        request.session.set_expiry(int(settings.MUSTER.idle_without_post.total_seconds()))


class DeviceTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>` of a device that is still signed in."""

    def authenticate(self, request: Request) -> tuple[User, SignedInDevice] | None:
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user, device = user_by_token(raw.strip())
        speak_to(user)
        return user, device

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return "Bearer"


class PageSessionAuthentication(SessionAuthentication):
    """The session cookie of a page whose device is still signed in; unsafe methods need the CSRF header."""

    def authenticate(self, request: Request) -> tuple[User, SignedInDevice] | None:
        page = django_request(request)
        if not (page.session.session_key or "").isalnum() or not page.user.is_authenticated:
            return None
        self.enforce_csrf(request)
        device = page_device(page.user.pk, page.session.get("device"))
        prolong_page(page, device)
        speak_to(device.user)
        return device.user, SignedInDevice(device.pk, device.session, introduced=device.introduced)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return "Session"


class FullSignIn(BasePermission):
    """Lets a sign-in by a code that another person has seen read, and do the acts that a view names for it.

    What such a sign-in may not read, a view names in `full_sign_in`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        method = str(request.method).lower()
        if method in ("get", "head", "options"):
            is_closed = method != "options" and "get" in getattr(view, "full_sign_in", ())
        else:
            is_closed = method not in getattr(view, "by_introduced", ())
        if is_closed:
            require_full_sign_in(request)
        return True


class DeviceTokenScheme(OpenApiAuthenticationExtension):
    """Describes the token in openapi.yaml."""

    target_class = "backend.accounts.authentication.DeviceTokenAuthentication"
    name = "deviceToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class PageSessionScheme(OpenApiAuthenticationExtension):
    """Describes the session cookie in openapi.yaml."""

    target_class = "backend.accounts.authentication.PageSessionAuthentication"
    name = "pageSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
