"""Checks passwords, and signs pages in and out."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login, logout, update_session_auth_hash
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from backend.accounts import hooks
from backend.accounts.authentication import is_introduced_page, page_device, prolong_page
from backend.accounts.guests import guessing
from backend.accounts.login_attempts import OF_A_SUBTREE, count_guess, too_many_guesses, unknown_name
from backend.accounts.models import Device, User
from backend.accounts.password_hashing import hashing
from backend.accounts.services.devices import prolong_page_device, register_page_device, sign_out
from backend.accounts.services.invitations import has_accepted, invitation_opens
from backend.accounts.services.passwords import PasswordWrong, password_not_own
from backend.accounts.services.sign_in_codes import code_opens, has_signed_in, sign_in_page_by_code
from backend.accounts.user_agents import browser_name
from backend.lib.clock import now
from backend.lib.errors import CredentialsWrong, NotSignedIn, TooMany
from backend.lib.phones import canonical
from backend.lib.proxies import neighbourhood
from backend.lib.turns import give_back_connection
from backend.realtime.pace import count_act

logger = logging.getLogger(__name__)

_View = ParamSpec("_View")


def client_address(request: HttpRequest) -> str | None:
    """Return what the caller's address is counted as for the record of wrong guesses, None where there is none.

    Behind a proxy of ours it is the client's (`lib/proxies.py`). PostgreSQL takes only addresses; a guess that could
    not be recorded would not be counted.
    """
    return neighbourhood(request.META.get("REMOTE_ADDR", ""))


class NumberOrPhoneBackend(BaseBackend):
    """Tells whose a page's session is. It checks no password: `checked_user` does, and counts the guess."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.select_related("volunteer").filter(pk=user_id, is_active=True).first()


def checked_user(request: HttpRequest, identifier: str, password: str) -> User:
    """Return the user of an identifier and password. Raises CredentialsWrong; TooMany after too many guesses; Busy."""
    wrong = "The number or phone, or the password, is wrong."
    with guessing(client_address(request)), hashing.turn():
        user = hooks.account_named(canonical(identifier))
        return _looked_at(request, user, identifier, wrong, lambda: _has_password(user, password))


def invited_user(
    request: HttpRequest, identifier: str, code: str, password: str = "", *, device: UUID | None = None
) -> User:
    """Return the user of a number and invitation. Raises CredentialsWrong; TooMany after too many guesses; Busy.

    A device that has accepted it minutes ago is let in again with the password that it chose: its answer was lost.
    """
    wrong = "The number or the code is wrong, or the code was used before or is older than 30 days."
    with guessing(client_address(request)), hashing.turn():
        user = hooks.account_named(canonical(identifier))

        def opens() -> bool:
            again = device is not None and has_accepted(user, code, device, at=now())
            return invitation_opens(user, code, at=now()) or (again and _has_password(user, password))

        return _looked_at(request, user, identifier, wrong, opens)


def introduced_user(request: HttpRequest, identifier: str, code: str, *, device: UUID | None = None) -> User:
    """Return the user of a number or phone and a code that a leader reads out. Raises CredentialsWrong, TooMany.

    Wrong guesses count with wrong passwords for the account, and for its subtree together. A device that has signed in
    by the code minutes ago is let in again: its answer was lost.
    """
    wrong = "The number, the phone or the code is wrong, or the code was used before or is too old."
    address, at = client_address(request), now()
    with guessing(address):
        user, name = hooks.account_named(canonical(identifier)), unknown_name(identifier)
        subtree = f"codes below {hooks.subtree_of(user, name)}"
        guess = count_guess(subtree, address, at=at, bounds=OF_A_SUBTREE)

        def opens() -> bool:
            again = device is not None and has_signed_in(user, code, device, at=at)
            return code_opens(user, code, at=at) or again

        try:
            found = _looked_at(request, user, identifier, wrong, opens)
        except TooMany:
            guess.take_back()  # it was not looked at, or has locked the account, which is enough
            raise
        guess.take_back()
    return found


def require_own_password(request: HttpRequest, user: User, password: str, *, field: str) -> None:
    """Raise Invalid at `field` unless this is the password of the signed-in person, or TooMany."""
    try:
        confirm_password(request, user, password)
    except PasswordWrong as error:
        raise password_not_own(field) from error


def confirm_password(request: HttpRequest, user: User, password: str) -> None:
    """Check the password of the signed-in person again. Wrong guesses count. Raises PasswordWrong, TooMany, or Busy."""
    try:
        with hashing.turn():
            _looked_at(request, user, "", "", lambda: _has_password(user, password))
    except CredentialsWrong as error:
        raise PasswordWrong from error


def confirm_by(request: HttpRequest, user: User, is_right: Callable[[], bool]) -> None:
    """Check something else that the signed-in person knows; it counts like a password.

    Raises CredentialsWrong for a wrong guess, TooMany after too many.
    """
    _looked_at(request, user, "", "", is_right)


def _looked_at(
    request: HttpRequest, user: User | None, identifier: str, wrong: str, is_right: Callable[[], bool]
) -> User:
    """Count a guess, check it, and return its user. Raises TooMany, or CredentialsWrong with the words for it.

    An error during the check makes it a wrong guess, and is answered like one.
    """
    guess = count_guess(_counted_as(user, identifier), client_address(request), at=now())
    give_back_connection()  # others need one while the password is hashed
    try:
        opens = is_right()
    except Exception:
        logger.exception("a guess at an account could not be looked at, and counts as wrong")
        opens = False
    if user is None or not opens:
        raise too_many_guesses(guess.locked_for_s) if guess.locked_for_s else CredentialsWrong(wrong)
    guess.take_back()
    return user


def _has_password(user: User | None, password: str) -> bool:
    if user is None:
        # Takes as long as a wrong password, so that the time does not tell who exists.
        make_password(password)
        return False
    return user.check_password(password) and user.is_active and bool(hooks.number_of(user))


def _counted_as(user: User | None, identifier: str) -> str:
    """Return the name under which guesses are counted: an account's number, whichever of its names was typed."""
    number = hooks.number_of(user)
    return f"{number:08d}" if number else unknown_name(identifier)


def sign_in_page(*, request: HttpRequest, user: User, at: datetime) -> Device:
    """Sign a browser in: a new session, and the device that signing out or revoking ends it by.

    A sign-in by a code that it replaces in this browser ends.
    """
    is_introduced = is_introduced_page(request, user)
    device = register_page_device(user=user, name=_name_of(request), at=at)
    if is_introduced:
        sign_out(device_id=UUID(request.session["device"]), by=user, at=at)
    return _with_session(request, user, device)


def enter_page_by_code(*, request: HttpRequest, user: User, code: str, at: datetime) -> Device:
    """Sign a browser in by a code, which has been checked and is spent. Raises CredentialsWrong."""
    device = sign_in_page_by_code(user=user, code=code, name=_name_of(request), at=at)
    return _with_session(request, user, device)


def _with_session(request: HttpRequest, user: User, device: Device) -> Device:
    login(request, user, backend=f"{__name__}.{NumberOrPhoneBackend.__name__}")
    request.session["device"] = str(device.pk)
    if device.lasts_long:
        request.session.set_expiry(int(device.lifetime.total_seconds()))
    else:
        request.session.set_expiry(None)
    return device


def _name_of(request: HttpRequest) -> str:
    return browser_name(request.headers.get("User-Agent", ""))


def keep_page_signed_in(request: HttpRequest, user: User) -> None:
    """Keep the session of the page on which the password was changed; a caller with a token has no session."""
    if request.session.get(SESSION_KEY) == str(user.pk):
        user.refresh_from_db(fields=["password"])
        update_session_auth_hash(request, user)
        prolong_page_device(device_id=UUID(request.session["device"]), at=now())


def sign_out_page(*, request: HttpRequest, at: datetime) -> None:
    """Sign a browser out: its session, device and sockets."""
    try:
        device = page_device(request.user.pk or 0, request.session.get("device"))
        sign_out(device_id=device.pk, by=device.user, at=at)
    except NotSignedIn:
        pass  # it had been revoked already; the session still ends
    logout(request)


def page_user(request: HttpRequest) -> User:
    """Return who is signed in on a page, with the volunteer; signed out devices do not count. Raises NotSignedIn."""
    return page_device(request.user.pk or 0, request.session.get("device")).user


def page_sign_in_required(
    view: Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _View], HttpResponseBase]:
    """Send a person without a live page device to the sign-in page; `request.user` then has a volunteer.

    What a form does counts as an act of that person.
    """

    @wraps(view)
    def checked(request: HttpRequest, /, *args: _View.args, **kwargs: _View.kwargs) -> HttpResponseBase:
        try:
            device = page_device(request.user.pk or 0, request.session.get("device"))
            prolong_page(request, device)
            request.user = device.user
        except NotSignedIn:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        if request.method == "POST":
            count_act(request.user.pk or 0)
        return view(request, *args, **kwargs)

    return checked
