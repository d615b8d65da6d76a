"""Checks passwords, and signs pages in and out."""

import logging
from collections.abc import Callable, Sequence
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
from backend.accounts.authentication import page_device, prolong_page
from backend.accounts.guests import guessing
from backend.accounts.login_attempts import (
    OF_A_SUBTREE,
    Guess,
    count_guess,
    seeming_people,
    shared_name,
    too_many_guesses,
    unknown_name,
)
from backend.accounts.models import MOST_OF_PHONE, Device, User
from backend.accounts.password_hashing import hashing
from backend.accounts.people_here import device_here, keep_others, others_here
from backend.accounts.queries import people_of_phone
from backend.accounts.services.choices import ask_which
from backend.accounts.services.devices import prolong_page_device, register_page_device, sign_out
from backend.accounts.services.invitations import has_accepted, invitation_opens
from backend.accounts.services.passwords import PasswordWrong, password_not_own
from backend.accounts.services.refusals import FullSignInNeeded, PersonNeeded
from backend.accounts.services.sign_in_codes import has_signed_in, opened_by_code, sign_in_page_by_code
from backend.accounts.user_agents import browser_name
from backend.lib.clock import now
from backend.lib.errors import CredentialsWrong, NotSignedIn, TooMany, require
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


def checked_user(request: HttpRequest, identifier: str, password: str, *, device: UUID | None = None) -> User:
    """Return the user of an identifier and password.

    Raises CredentialsWrong; PersonNeeded when it is the password of several people of this phone; TooMany after too
    many guesses; Busy. That a phone is shared is told after this proof alone.
    """
    wrong = "The number or phone, or the password, is wrong."
    with guessing(client_address(request)), hashing.turn():
        users = hooks.accounts_named(canonical(identifier))
        fitting = _looked_at(
            request, users, identifier, wrong, lambda: _with_password(users, identifier, password)
        )
    if len(fitting) > 1:
        raise PersonNeeded(ask_which(fitting, device_id=device, at=now()))
    return fitting[0]


def invited_user(
    request: HttpRequest, identifier: str, code: str, password: str = "", *, device: UUID | None = None
) -> User:
    """Return the user of a number and invitation. Raises CredentialsWrong; TooMany after too many guesses; Busy.

    A device that has accepted it minutes ago is let in again with the password that it chose: its answer was lost.
    """
    wrong = "The number or the code is wrong, or the code was used before or is older than 30 days."
    with guessing(client_address(request)), hashing.turn():
        users = hooks.accounts_named(canonical(identifier))

        def opens(user: User | None) -> bool:
            again = device is not None and has_accepted(user, code, device, at=now())
            return invitation_opens(user, code, at=now()) or (again and _has_password(user, password))

        (user,) = _looked_at(request, users, identifier, wrong, lambda: _only(users, opens))
    return user


def introduced_user(request: HttpRequest, identifier: str, code: str, *, device: UUID | None = None) -> User:
    """Return the user of a number or phone and a code that a leader reads out. Raises CredentialsWrong, TooMany.

    The code is one person's, however many share the phone. Wrong guesses count with wrong passwords for the account,
    and for its subtree together. A device that has signed in by the code minutes ago is let in again: its answer was
    lost.
    """
    wrong = "The number, the phone or the code is wrong, or the code was used before or is too old."
    address, at = client_address(request), now()
    guesses: list[Guess] = []
    with guessing(address):
        users, name = hooks.accounts_named(canonical(identifier)), unknown_name(identifier)

        def let_in() -> list[User]:
            opened = opened_by_code(users, code, at=at)
            return _only(
                users,
                lambda user: (
                    user in opened or (device is not None and has_signed_in(user, code, device, at=at))
                ),
            )

        try:
            those: Sequence[User | None] = users or [None]
            for below in sorted({hooks.subtree_of(user, name) for user in those}):
                guess = count_guess(f"codes below {below}", address, at=at, bounds=OF_A_SUBTREE)
                guesses.append(guess)
            (found,) = _looked_at(request, users, identifier, wrong, let_in)
        except TooMany:
            for guess in guesses:  # it was not looked at, or has locked the account, which is enough
                guess.take_back()
            raise
        for guess in guesses:
            guess.take_back()
    return found


def _only(users: Sequence[User], opens: Callable[[User | None], bool]) -> list[User]:
    """Return the one person whom something opens; none where it would open two, or there is no such person."""
    those: Sequence[User | None] = users or [None]
    fitting = [user for user in those if opens(user) and user]
    return fitting if len(fitting) == 1 else []


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
            _looked_at(request, [user], "", "", lambda: [user] if _has_password(user, password) else [])
    except CredentialsWrong as error:
        raise PasswordWrong from error


def confirm_by(request: HttpRequest, user: User, is_right: Callable[[], bool]) -> None:
    """Check something else that the signed-in person knows; it counts like a password.

    Raises CredentialsWrong for a wrong guess, TooMany after too many.
    """
    _looked_at(request, [user], "", "", lambda: [user] if is_right() else [])


def _looked_at(
    request: HttpRequest,
    users: Sequence[User],
    identifier: str,
    wrong: str,
    fitting: Callable[[], list[User]],
) -> list[User]:
    """Count a guess at people, check it, and return whom it fits, one at least.

    Raises TooMany, or CredentialsWrong with the words for it. An error during the check makes it a wrong guess, and is
    answered like one.
    """
    guess = count_guess(_counted_as(users, identifier), client_address(request), at=now())
    give_back_connection()  # others need one while the password is hashed
    try:
        found = fitting()
    except Exception:
        logger.exception("a guess at an account could not be looked at, and counts as wrong")
        found = []
    if not found:
        raise too_many_guesses(guess.locked_for_s) if guess.locked_for_s else CredentialsWrong(wrong)
    guess.take_back()
    return found


def _with_password(users: Sequence[User], identifier: str, password: str) -> list[User]:
    """Return the people whose password this is; all are looked at, so that the time does not tell whose it is.

    A phone takes the time of a family, whether it is shared, is one person's or no person's, and always the same. So
    the time does not tell that it is shared, as long as the family is no larger.
    """
    fitting = [user for user in users if _has_password(user, password)]
    for _ in range(seeming_people(identifier) - len(users)):
        _has_password(None, password)
    return fitting


def _has_password(user: User | None, password: str) -> bool:
    if user is None:
        # Takes as long as a wrong password, so that the time does not tell who exists.
        make_password(password)
        return False
    return user.check_password(password) and user.is_active and bool(hooks.number_of(user))


def _counted_as(users: Sequence[User], identifier: str) -> str:
    """Return the name under which guesses are counted: an account's number, whichever of its names was typed.

    All people of a shared phone are counted under that phone together.
    """
    phone = (users[0].phone if users else "") or canonical(identifier)
    if people_of_phone(phone).count() > 1:
        return shared_name(phone)
    number = hooks.number_of(users[0]) if users else 0
    return f"{number:08d}" if number else unknown_name(identifier)


def sign_in_page(*, request: HttpRequest, user: User, at: datetime) -> Device:
    """Sign a browser in: a new session, and the device that signing out or revoking ends it by.

    What the person had in this browser before ends; other people stay signed in beside.
    """
    here = [device_here(request), *others_here(request)]
    device = register_page_device(user=user, name=_name_of(request), at=at)
    for before in here:
        if before and before.user_id == user.pk:
            sign_out(device_id=before.pk, by=user, at=at)
    return _with_session(request, user, device, at)


def switch_page(*, request: HttpRequest, number: str, at: datetime) -> Device:
    """Let another person go on who is signed in on this browser, without a password; who used it stays signed in.

    Raises NotFound for a person who is not, or is no more; FullSignInNeeded for one who has rights over others.
    """
    found = [device for device in others_here(request) if f"{hooks.number_of(device.user):08d}" == number]
    device = require(next(iter(found), None))
    require(not hooks.holds_post(device.user, at), FullSignInNeeded)
    return _with_session(request, device.user, device, at)


def enter_page_by_code(*, request: HttpRequest, user: User, code: str, at: datetime) -> Device:
    """Sign a browser in by a code, which has been checked and is spent. Raises CredentialsWrong."""
    device = sign_in_page_by_code(user=user, code=code, name=_name_of(request), at=at)
    return _with_session(request, user, device, at)


def _with_session(request: HttpRequest, user: User, device: Device, at: datetime) -> Device:
    """Begin a session of a person; who used the browser, or was signed in beside, stays so, seven people at most."""
    here = [*others_here(request), device_here(request)]
    others = [one for one in here if one and one.user_id != user.pk]
    for surplus in others[: 1 - MOST_OF_PHONE]:
        sign_out(device_id=surplus.pk, by=surplus.user, at=at)
    login(request, user, backend=f"{__name__}.{NumberOrPhoneBackend.__name__}")
    request.session["device"] = str(device.pk)
    keep_others(request, others[1 - MOST_OF_PHONE :])
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


def sign_out_page(*, request: HttpRequest, at: datetime) -> bool:
    """Sign the person who uses a browser out: session, device and sockets; tell whether others stay signed in on it."""
    device, others = device_here(request), others_here(request)
    if device:  # otherwise it had been revoked already; the session still ends
        sign_out(device_id=device.pk, by=device.user, at=at)
    logout(request)
    if others:
        keep_others(request, others)
        request.session["left"] = f"{hooks.number_of(device.user):08d}" if device else ""
    return bool(others)


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
