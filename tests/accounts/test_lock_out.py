"""Guessing at passwords: what is counted, for whom it locks the door, and for how long."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.models import F
from django.test import Client, RequestFactory
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.signin import client_address
from backend.volunteers.models import NumberAlias
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
    """Takes so long for a wrong password that the next guess comes in between, and after ten the right one."""

    answered: ClassVar[list[int]] = []

    def verify(self, password: str, encoded: str) -> bool:
        """Compare, after the next guess has been answered."""
        number = f"{User.objects.get().volunteer.number:08d}"
        if password.isdecimal():
            following = PASSWORD if password == "10" else str(int(password) + 1)
            self.answered.append(sign_in(number, following))
        return super().verify(password, encoded)


class BrokenHasher(MD5PasswordHasher):
    """Fails after it has looked at a password, whether it was right or wrong."""

    def verify(self, password: str, encoded: str) -> bool:
        """Compare, and fail."""
        super().verify(password, encoded)
        raise RuntimeError("out of memory")


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


def test_guesses_that_are_looked_at_together_are_no_way_round_the_bound(
    volunteer: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.{HashedAmidGuesses.__name__}"]
    HashedAmidGuesses.answered.clear()

    sign_in(number_of(volunteer), "1")

    assert HashedAmidGuesses.answered[0] == 429  # the right one, while ten wrong ones were looked at
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert sign_in(number_of(volunteer), PASSWORD) == 429
    wait(16)
    assert sign_in(number_of(volunteer), PASSWORD) == 200


def test_guess_that_could_not_be_looked_at_counts_as_wrong(volunteer: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.{BrokenHasher.__name__}"]

    answers = [sign_in(number_of(volunteer), PASSWORD if turn % 2 else "a guess") for turn in range(10)]

    assert answers == [401] * 9 + [429]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert sign_in(number_of(volunteer), PASSWORD) == 429


def test_right_guess_leaves_the_record_as_it_was(volunteer: User) -> None:
    for _ in range(9):
        sign_in(number_of(volunteer), "a guess")
    wait(14)
    for _ in range(3):
        assert sign_in(number_of(volunteer), PASSWORD) == 200
    wait(2)

    assert [sign_in(number_of(volunteer), "a guess") for _ in range(9)] == [401] * 9
    assert sign_in(number_of(volunteer), PASSWORD) == 200


def test_locked_account_says_until_when(volunteer: User) -> None:
    for _ in range(10):
        sign_in(number_of(volunteer), "a guess")
    wait(5)
    body = {"identifier": number_of(volunteer), "password": PASSWORD, "device": {"id": str(uuid7())}}

    answer = APIClient().post("/api/v1/sign-in", body, format="json", REMOTE_ADDR=MINE)

    assert answer.json()["retry_after_s"] == int(answer["Retry-After"])
    assert 595 <= int(answer["Retry-After"]) <= 600
    assert answer["RateLimit-Policy"] == '"wrong-guesses";q=10;w=900'
    assert answer["RateLimit"] == f'"wrong-guesses";r=0;t={answer["Retry-After"]}'


def test_account_that_many_addresses_guess_at_opens_when_the_oldest_guesses_are_over(volunteer: User) -> None:
    for turn in range(100):
        sign_in(number_of(volunteer), "a guess", f"203.0.113.{turn // 5}")
        if turn == 4:
            wait(10)  # the first five are older than the others
    body = {"identifier": number_of(volunteer), "password": PASSWORD, "device": {"id": str(uuid7())}}

    answer = APIClient().post("/api/v1/sign-in", body, format="json", REMOTE_ADDR=MINE)

    assert answer.status_code == 429
    assert 240 <= int(answer["Retry-After"]) <= 300
    wait(5)
    assert sign_in(number_of(volunteer), PASSWORD, MINE) == 200


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/invitation/"])
@pytest.mark.parametrize("is_known", [True, False])
def test_record_of_guesses_has_nothing_that_was_sent(volunteer: User, path: str, is_known: bool) -> None:
    typed = volunteer.phone if is_known else "13999999999"
    fields = {"identifier": typed, "number": typed, "code": "AAAA"}
    Client(headers={"User-Agent": "a guess", "Accept": "a guess"}).post(
        f"{path}?next=guess", {**fields, "password": "a long guess"}
    )

    told = str(AccessAttempt.objects.values().get())
    assert (number_of(volunteer) in told) is is_known
    assert typed not in told
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
