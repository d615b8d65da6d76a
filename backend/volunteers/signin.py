"""Checks passwords, and signs pages in and out."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Concatenate, ParamSpec

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import SESSION_KEY, authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from backend.lib.api import now
from backend.lib.checkdigit import parse_volunteer_number
from backend.lib.errors import Invalid, NotSignedIn, Refusal, TooMany, require
from backend.lib.phones import canonical
from backend.volunteers import services
from backend.volunteers.authentication import page_device
from backend.volunteers.browsers import browser_name
from backend.volunteers.models import Device, User, phone_key
from backend.volunteers.services.invitations import invitation_opens

_View = ParamSpec("_View")


def client_address(request: HttpRequest) -> str | None:
    """Return the caller's address for the record of wrong guesses, or None when a proxy header made it something else.

    PostgreSQL takes only addresses; a guess that could not be recorded would not be counted. Of IPv6 it is the network
    of 64 bits: one household has them all.
    """
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


class NumberOrPhoneBackend(BaseBackend):
    """Signs in by volunteer number (with or without the space) or phone, and a password."""

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002
        phone: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        if phone is None or password is None:
            return None
        user = _user_named(canonical(phone))
        if user is None:
            # Takes as long as a wrong password, so that the time does not tell who exists.
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.select_related("volunteer").filter(pk=user_id, is_active=True).first()


class InvitationBackend(BaseBackend):
    """Signs in by volunteer number or phone, and the code of an invitation; guesses are counted with the passwords'."""

    def authenticate(  # type: ignore[override]
        self,
        request: HttpRequest | None,  # noqa: ARG002
        phone: str,
        invitation: str,
    ) -> User | None:
        user = _user_named(canonical(phone))
        opens = user is not None and user.is_active and invitation_opens(user, invitation, at=now())
        return user if opens else None


def checked_user(request: HttpRequest, identifier: str, password: str) -> User:
    """Return whose identifier and password these are; raise NotSignedIn, or TooMany after too many wrong guesses."""
    return _found(request, identifier, "The number or phone, or the password, is wrong.", password=password)


def invited_user(request: HttpRequest, identifier: str, code: str) -> User:
    """Return whose number and invitation these are; raise NotSignedIn, or TooMany after too many wrong guesses."""
    wrong = "The number or the code is wrong, or the code was used before or is older than 30 days."
    return _found(request, identifier, wrong, invitation=code)


def require_own_password(request: HttpRequest, user: User, password: str, *, field: str) -> None:
    """Raise Invalid at `field` unless this is the password of whoever is signed in, or TooMany."""
    try:
        checked_user(request, f"{user.volunteer.number:08d}", password)
    except NotSignedIn as error:
        raise Invalid(errors=[{"pointer": f"/{field}", "detail": "This is not your password."}]) from error


def _found(request: HttpRequest, identifier: str, wrong: str, **shown: str) -> User:
    # Named after AXES_USERNAME_FORM_FIELD, the name under which wrong guesses are counted.
    name = _counted_as(identifier)
    user = authenticate(request, phone=name, **shown)
    # Those that came at the same moment have been recorded meanwhile: a burst is no way round the bound.
    is_locked = user is not None and not AxesProxyHandler.is_allowed(request, {"phone": name})
    if is_locked or getattr(request, "axes_locked_out", False):
        # Answered here, as a problem; otherwise the middleware would answer with a page of its own.
        request.axes_locked_out = False  # type: ignore[attr-defined]
        raise TooMany("Too many wrong passwords; wait a quarter of an hour and try again.")
    if user is None or getattr(user, "volunteer", None) is None:
        raise NotSignedIn(wrong)
    return user


def _counted_as(identifier: str) -> str:
    """Return the number of whom a name means: guesses by phone, or by a former number, are guesses at one account."""
    name = canonical(identifier)
    volunteer = getattr(_user_named(name), "volunteer", None)
    return f"{volunteer.number:08d}" if volunteer else name


def sign_in_page(*, request: HttpRequest, user: User, at: datetime) -> Device:
    """Sign a browser in: a new session, and the device that signing out or revoking ends it by."""
    login(request, user, backend=f"{__name__}.{NumberOrPhoneBackend.__name__}")
    name = browser_name(request.headers.get("User-Agent", ""))
    device = services.register_page_device(user=user, name=name, at=at)
    request.session["device"] = str(device.pk)
    return device


def keep_page_signed_in(request: HttpRequest, user: User) -> None:
    """Let the session of the page on which the password was changed go on; whoever comes with a token has none."""
    if request.session.get(SESSION_KEY) == str(user.pk):
        user.refresh_from_db(fields=["password"])
        update_session_auth_hash(request, user)


def sign_out_page(*, request: HttpRequest, at: datetime) -> None:
    """Sign a browser out: its session, device and sockets."""
    try:
        device = page_device(request.user.pk or 0, request.session.get("device"))
        services.sign_out(device_id=device.pk, by=device.user, at=at)
    except NotSignedIn:
        pass  # it had been revoked already; the session still ends
    logout(request)


def page_user(request: HttpRequest) -> User:
    """Return who is signed in on a page, with the volunteer; signed out devices do not count. Raises NotSignedIn."""
    return page_device(request.user.pk or 0, request.session.get("device")).user


def page_sign_in_required(
    view: Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _View], HttpResponseBase]:
    """Send whoever has no live page device to the sign-in page; `request.user` then has a volunteer."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: _View.args, **kwargs: _View.kwargs) -> HttpResponseBase:
        try:
            request.user = page_user(request)
        except NotSignedIn:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return view(request, *args, **kwargs)

    return checked


def _user_named(name: str) -> User | None:
    users = User.objects.select_related("volunteer")
    try:
        number = parse_volunteer_number(name)
    except ValueError:
        return users.filter(phone_key=phone_key(name)).first()
    now = users.filter(volunteer__number=number, volunteer__merged_into=None).first()
    before = now or users.filter(volunteer__aliases__number=number).first()
    return before or users.filter(phone_key=phone_key(name)).first()


class PasswordWrong(Refusal):
    """The password is wrong."""

    status = 403


def confirm_password(request: HttpRequest, user: User, password: str) -> None:
    """Let whoever is signed in show that it is them. Wrong guesses count. Raises PasswordWrong, or TooMany."""
    try:
        checked = checked_user(request, f"{user.volunteer.number:08d}", password)
    except NotSignedIn as error:
        raise PasswordWrong from error
    require(checked.pk == user.pk, PasswordWrong)
