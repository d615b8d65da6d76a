"""Guessing at passwords: what is counted, for whom it locks the door, and for how long."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.models import F
from django.test import Client, RequestFactory
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.volunteers.models import NumberAlias, User
from backend.volunteers.signin import client_address
from tests.conftest import PASSWORD

MINE, THEIRS = "192.0.2.1", "198.51.100.7"


def sign_in(name: str, password: str, address: str = MINE) -> int:
    """Return the status of the answer."""
    body = {"identifier": name, "password": password, "device": {"id": str(uuid7())}}
    answer = APIClient().post("/api/v1/sign-in", body, format="json", REMOTE_ADDR=address)
    status: int = answer.status_code
    return status


def number_of(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def wait(minutes: int) -> None:
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


class HashedAmidGuesses(MD5PasswordHasher):
    """Takes so long for the right password that ten wrong guesses come in between."""

    def verify(self, password: str, encoded: str) -> bool:
        """Compare, after ten guesses at the account."""
        if password == PASSWORD:
            for _ in range(10):
                sign_in(str(User.objects.get().volunteer.number), "a guess")
        return super().verify(password, encoded)


def test_guesses_at_an_account_are_counted_together_whatever_name_is_typed(volunteer: User) -> None:
    NumberAlias.objects.create(number=90000012, volunteer=volunteer.volunteer)
    names = [number_of(volunteer), volunteer.phone, "9000 0012", f"+86 {volunteer.phone}"]
    for turn in range(10):
        sign_in(names[turn % 4], "a guess")

    assert [sign_in(name, PASSWORD) for name in names] == [429] * 4


def test_account_is_locked_for_the_address_that_guesses_and_not_for_its_owner(volunteer: User) -> None:
    for _ in range(20):
        sign_in(number_of(volunteer), "a guess", THEIRS)

    assert sign_in(number_of(volunteer), PASSWORD, THEIRS) == 429
    assert sign_in(number_of(volunteer), PASSWORD, MINE) == 200


def test_account_is_locked_for_all_after_a_hundred_guesses_of_many_addresses(volunteer: User) -> None:
    for turn in range(100):
        assert sign_in(number_of(volunteer), "a guess", f"203.0.113.{turn // 5}") in (401, 429)

    assert sign_in(number_of(volunteer), PASSWORD, MINE) == 429
    wait(16)
    assert sign_in(number_of(volunteer), PASSWORD, MINE) == 200


def test_guesses_at_a_locked_account_neither_lengthen_the_lock_nor_the_record(volunteer: User) -> None:
    for _ in range(10):
        sign_in(number_of(volunteer), "a guess")
    kept = AccessAttempt.objects.get()
    wait(14)
    assert sign_in(number_of(volunteer), "a guess") == 429
    assert AccessAttempt.objects.get().get_data == kept.get_data
    wait(2)

    assert sign_in(number_of(volunteer), PASSWORD) == 200


def test_right_guess_amid_too_many_wrong_ones_does_not_open(volunteer: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.{HashedAmidGuesses.__name__}"]

    assert sign_in(number_of(volunteer), PASSWORD) == 429


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/invitation/"])
def test_record_of_guesses_has_no_phone_of_a_member(volunteer: User, path: str) -> None:
    fields = {"identifier": volunteer.phone, "number": volunteer.phone, "code": "AAAA"}
    Client().post(path, {**fields, "password": "a long guess"})

    told = str(AccessAttempt.objects.values().get())
    assert number_of(volunteer) in told
    assert volunteer.phone not in told
    assert "guess" not in told
    assert "AAAA" not in told


@pytest.mark.parametrize(
    ("sent", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),  # what one household is given
        ("fe80::1%eth0", "fe80::"),
        ("unknown", None),
        ("", None),
    ],
)
def test_address_is_counted_as_the_network_of_one_household(
    rf: RequestFactory, sent: str, counted: str | None
) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR=sent)) == counted
