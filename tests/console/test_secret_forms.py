"""Guessing on the pages that take a secret, by whatever form: wrong guesses lock, and none tells more."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from axes.models import AccessAttempt
from django.db import transaction
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import Challenge, User
from backend.accounts.services import second_factors
from backend.joining.services.invitations import invite
from tests.conftest import PASSWORD
from tests.hostile_bodies import FORM, FORMS, PARTS, Body, as_form, as_parts
from tests.lock_order import block_of_test
from tests.pages import page_of

NEW = "eleven green bicycles"
BOUND = 3
"""Wrong guesses that lock where each of many forms is tried."""
MANNERS = {**FORMS, "form": (FORM, as_form)}


@dataclass(frozen=True)
class SecretForm:
    """A page, the form it is sent with a secret in it, the right secret, and who opens it."""

    address: str
    fields: Callable[[User, str], dict[str, Any]]
    right: Callable[[User, datetime], str]
    wrong: str = "a wrong guess"
    is_signed_in: bool = True
    opens: int = 200
    locked: int = 422


def _invitation(user: User, at: datetime) -> str:
    (made,) = invite(volunteers=[user.volunteer], by=None, at=at)
    return made.code


def _confirmed(user: User, at: datetime) -> str:
    before = at - timedelta(minutes=5)
    secret = second_factors.begin_second_factor(by=user, at=before).secret
    made = second_factors.confirm_second_factor(
        code=pyotp.TOTP(secret).at(before), device_id=uuid7(), by=user, at=before
    )
    return made.codes[0]


def _number(user: User) -> str:
    return f"{user.volunteer.number:08d}"


PAGES = [
    SecretForm(
        "/sign-in/",
        lambda user, secret: {"identifier": _number(user), "password": secret},
        lambda user, at: PASSWORD,
        is_signed_in=False,
        opens=302,
    ),
    SecretForm(
        "/sign-in/invitation/",
        lambda user, secret: {"number": _number(user), "code": secret, "password": NEW},
        _invitation,
        "AAAA-AAAA",
        is_signed_in=False,
        opens=302,
    ),
    SecretForm(
        "/sign-in/code/",
        lambda user, secret: {"code": secret},
        _confirmed,
        "AAAAA-AAAAA",
        is_signed_in=False,
        opens=302,
    ),
    SecretForm(
        "/devices/password/", lambda user, secret: {"current": secret, "new": NEW}, lambda u, a: PASSWORD
    ),
    SecretForm(
        "/devices/second-factor/",
        lambda user, secret: {"act": "renew", "code": secret},
        _confirmed,
        "AAAAA-AAAAA",
    ),
    SecretForm(
        "/my-data/deletion", lambda u, secret: {"password": secret}, lambda u, a: PASSWORD, locked=429
    ),
]


class Guesser:
    """Tries secrets on a page, in a browser that has its CSRF cookie."""

    def __init__(self, page: SecretForm, user: User, at: datetime) -> None:
        self.page, self.user = page, user
        browser = page_of(user, at) if page.is_signed_in else Client()
        self.browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.browser.cookies = browser.cookies
        self.browser.get("/sign-in/invitation/")
        if page.address == "/sign-in/code/":
            self.browser.post(
                "/sign-in/", {"identifier": _number(user), "password": PASSWORD, **self.token()}
            )

    def token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.browser.cookies["csrftoken"].value}

    def tell(self, secret: str, content_type: str = FORM, body: Body = as_form) -> tuple[int, list[str]]:
        """Return the status, and what the page says went wrong."""
        sent = body({**self.token(), **self.page.fields(self.user, secret)})
        headers = {"X-CSRFToken": self.token()["csrfmiddlewaretoken"]}
        answer = self.browser.generic(
            "POST", self.page.address, sent, content_type=content_type, headers=headers
        )
        lines = answer.content.decode(errors="replace").splitlines()
        return answer.status_code, [line for line in lines if "wrong" in line or "attempts" in line]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.address)
def test_no_form_is_a_way_round_the_bound(
    page: SecretForm, volunteer: User, at: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form is refused unread, whatever is in it, or its guesses are counted and lock."""
    settings.AXES_FAILURE_LIMIT = BOUND
    monkeypatch.setattr(second_factors, "MOST_WRONG", BOUND)
    right, guesser = page.right(volunteer, at), Guesser(page, volunteer, at)

    cookies = deepcopy(guesser.browser.cookies)
    for name, manner in MANNERS.items():
        guesser.browser.cookies = deepcopy(cookies)
        with block_of_test():
            before = guesses()
            first, counted = guesser.tell(page.wrong, *manner), guesses() - before
            answers = [guesser.tell(page.wrong, *manner) for _ in range(BOUND if counted else 1)]
            assert guesser.tell(right, *manner) == answers[-1], name
            assert counted or {answers[-1][0], first[0]} <= {400, 403, 413, 415, 422}, name
            assert guesser.tell(right)[0] == (page.locked if counted else page.opens), name
            kept = str(list(AccessAttempt.objects.values()))
            assert not any(secret in kept for secret in (right, page.wrong)), name
            transaction.set_rollback(True)


def guesses() -> int:
    """Return how many guesses are counted."""
    return AccessAttempt.objects.count() + Challenge.objects.filter(wrong=1).count()


@pytest.mark.parametrize(
    "address", ["/", "/sign-in/", "/language/", "/sign-out/", "/nothing/", "/operators/", "/b/x"]
)
def test_form_that_cannot_be_read_is_never_an_error_of_the_server(address: str, db: None) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.get("/sign-in/")

    for name, (content_type, body) in FORMS.items():
        answer = browser.generic("POST", address, body({"next": "/"}), content_type=content_type)
        assert answer.status_code in {400, 403, 404, 405, 413, 415}, name


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=utf8", f"{FORM}; charset=UTF-8", PARTS])
def test_forms_of_browsers_are_read(content_type: str, db: None) -> None:
    body = as_parts if content_type == PARTS else as_form

    answer = Client().generic("POST", "/language/", body({"language": "zh-hans"}), content_type=content_type)

    assert answer.cookies["django_language"].value == "zh-hans"
