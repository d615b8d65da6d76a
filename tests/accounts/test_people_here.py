"""One browser of a family: several people are signed in on it, one of them uses it, each signs out alone."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from backend.accounts.models import MOST_OF_PHONE, Choice, Device, User
from backend.accounts.services.devices import revoke_device
from backend.joining.services.sign_in_codes import give_sign_in_code
from backend.volunteers import services
from backend.volunteers.models import Role
from tests.accounts.families import FAMILY, give_password, number_of, share
from tests.accounts.second_factors import set_up
from tests.conftest import PASSWORD, Formation, MakeVolunteer

PEOPLE, SIGN_IN, WHO = "/sign-in/people/", "/sign-in/", "/sign-in/person/"


@pytest.fixture
def family(formation: Formation, make_volunteer: MakeVolunteer) -> list[User]:
    """Make two people of one phone, each with a password of their own."""
    users = [make_volunteer(formation.squadron_a, name=name).user for name in ("奶奶", "孙女")]
    for user in users:
        give_password(user, f"a secret of {user.volunteer.name}")
    share(*users)
    return users


@pytest.fixture
def browser(client: Client, family: list[User]) -> Client:
    """Let both sign in on one browser, the granddaughter last."""
    for user in family:
        enter(client, user)
    return client


def enter(client: Client, user: User, password: str = "") -> Any:
    secret = password or f"a secret of {user.volunteer.name}"
    return client.post(f"{SIGN_IN}?another=1", {"identifier": number_of(user), "password": secret})


def switch(client: Client, user: User) -> Any:
    return client.post(PEOPLE, {"number": number_of(user)})


def who(client: Client) -> str:
    """Return whose orders the browser shows."""
    answer = client.get("/api/v1/me")
    return answer.json()["number"] if answer.status_code == 200 else ""


def test_people_of_a_browser_go_on_without_a_password(browser: Client, family: list[User]) -> None:
    assert who(browser) == number_of(family[1])

    seen = [who(browser) for user in family * 2 if switch(browser, user)]

    assert seen == [number_of(user) for user in family * 2]
    assert Device.objects.not_revoked().count() == 2


def test_the_page_names_the_people_of_this_browser_alone(
    browser: Client, family: list[User], volunteer: User
) -> None:
    page = browser.get(PEOPLE).content.decode()

    assert "奶奶" in page
    assert volunteer.volunteer.name not in page
    assert switch(browser, volunteer)["Location"] == PEOPLE
    assert who(browser) == number_of(family[1])
    stranger = Client().get(PEOPLE)
    assert (stranger.status_code, stranger["Location"]) == (302, SIGN_IN)
    assert switch(Client(), family[0]).status_code == 302


def test_signing_out_ends_the_one_person_alone(browser: Client, family: list[User]) -> None:
    out = browser.post("/sign-out/")

    assert out["Location"] == PEOPLE
    assert "Clear-Site-Data" not in out, "what the others have not sent yet stays"
    assert who(browser) == ""
    assert not Device.objects.not_revoked().filter(user=family[1]).exists()
    page = browser.get(PEOPLE).content.decode()
    assert "孙女" not in page
    assert f'data-left="{number_of(family[1])}"' in page
    switch(browser, family[0])
    assert who(browser) == number_of(family[0])
    assert browser.post("/sign-out/")["Location"] == SIGN_IN
    assert browser.get(PEOPLE)["Location"] == SIGN_IN


def test_a_person_with_a_post_shows_the_password(
    browser: Client, family: list[User], formation: Formation, at: datetime
) -> None:
    person = family[0].volunteer
    services.appoint(volunteer=person, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)

    refused = switch(browser, family[0])

    assert refused.status_code == 403
    assert who(browser) == number_of(family[1])
    assert f'value="{number_of(family[0])}"' not in refused.content.decode()
    assert enter(browser, family[0]).status_code == 302
    assert who(browser) == number_of(family[0])
    assert Device.objects.not_revoked().filter(user=family[0]).count() == 1, "the one before has ended"


def test_a_revoked_sign_in_does_not_go_on(browser: Client, family: list[User], at: datetime) -> None:
    revoke_device(device_id=Device.objects.get(user=family[0]).pk, by=family[0], at=at)

    assert switch(browser, family[0])["Location"] == PEOPLE
    assert who(browser) == number_of(family[1])
    assert "奶奶" not in browser.get(PEOPLE).content.decode()


def test_a_closed_account_and_a_run_out_sign_in_do_not_go_on(browser: Client, family: list[User]) -> None:
    User.objects.filter(pk=family[0].pk).update(is_active=False)

    assert switch(browser, family[0])["Location"] == PEOPLE
    assert who(browser) == number_of(family[1])


def test_a_sign_in_by_a_code_stays_what_it_is_beside_others(
    browser: Client, family: list[User], leader: User, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    neighbour = make_volunteer(formation.squadron_a).user
    at = Device.objects.latest("created_at").created_at
    code = give_sign_in_code(volunteer=neighbour.volunteer, by=leader, at=at).code
    browser.post("/sign-in/by-code/", {"number": number_of(neighbour), "code": code})

    switch(browser, family[0])
    switch(browser, neighbour)

    assert who(browser) == number_of(neighbour)
    assert browser.get("/api/v1/me/export").status_code == 403


def test_a_browser_has_eight_people_at_most(
    client: Client, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    people = [make_volunteer(formation.squadron_a).user for _ in range(MOST_OF_PHONE + 1)]
    for user in people:
        enter(client, user, PASSWORD)

    assert Device.objects.not_revoked().count() == MOST_OF_PHONE
    assert not Device.objects.not_revoked().filter(user=people[0]).exists()


# --- who of a phone -----------------------------------------------------------------------------------------------


@pytest.fixture
def asked(client: Client, family: list[User]) -> Client:
    """Show the one password that both have."""
    for user in family:
        give_password(user, "a secret of all")
    answer = client.post(f"{SIGN_IN}?next=/devices/", {"identifier": FAMILY, "password": "a secret of all"})
    assert answer["Location"] == WHO
    return client


def test_a_page_asks_who_it_is_after_the_proof_and_goes_where_the_person_wanted(
    asked: Client, family: list[User]
) -> None:
    page = asked.get(WHO).content.decode()

    chosen = asked.post(WHO, {"number": number_of(family[1])})

    assert "奶奶" in page
    assert "孙女" in page
    assert (chosen.status_code, chosen["Location"]) == (302, "/devices/")
    assert who(asked) == number_of(family[1])
    assert asked.post(WHO, {"number": number_of(family[0])})["Location"] == SIGN_IN
    assert Choice.objects.count() == 0


def test_nobody_is_named_without_the_proof(client: Client, family: list[User], asked: Client) -> None:
    stranger = Client()

    assert stranger.get(WHO)["Location"] == SIGN_IN
    assert stranger.post(WHO, {"number": number_of(family[0])})["Location"] == SIGN_IN
    wrong = stranger.post(SIGN_IN, {"identifier": FAMILY, "password": "a guess"})
    assert wrong.status_code == 422
    assert "奶奶" not in wrong.content.decode()


def test_a_person_who_is_none_of_them_is_not_let_in(asked: Client, family: list[User], leader: User) -> None:
    assert asked.post(WHO, {"number": number_of(leader)})["Location"] == SIGN_IN
    assert who(asked) == ""


def test_the_chosen_person_is_asked_for_the_second_factor(
    asked: Client, family: list[User], at: datetime
) -> None:
    set_up(family[0], at)

    assert asked.post(WHO, {"number": number_of(family[0])})["Location"] == "/sign-in/code/"
    assert who(asked) == ""
