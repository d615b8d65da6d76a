"""Leaders decide on a page who joins."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from backend.accounts.models import User
from backend.joining.models import Application
from backend.volunteers.models import Unit, Volunteer
from tests.builders import ApplicationFactory
from tests.conftest import PASSWORD, Formation

PAGE = "/applications/"


@pytest.fixture
def page_of() -> Callable[[User], Client]:
    """Return the maker of browsers that are signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        form = {"identifier": f"{user.volunteer.number:08d}", "password": PASSWORD}
        assert client.post("/sign-in/", form).status_code == 302
        return client

    return sign_in


def waiting(unit: Unit, name: str, phone: str, at: datetime) -> Application:
    return ApplicationFactory.create(unit=unit, name=name, phone=phone, at=at)


def test_the_page_lists_what_one_looks_after_alone(
    formation: Formation, leader: User, commander: User, page_of: Callable[[User], Client], at: datetime
) -> None:
    waiting(formation.squadron_a, "赵阿姨", "13900000001", at)
    waiting(formation.squadron_c, "钱师傅", "13900000002", at)

    mine, all_of_them = (page_of(user).get(PAGE).content.decode() for user in (leader, commander))

    assert ("赵阿姨" in mine, "钱师傅" in mine) == (True, False)
    assert ("赵阿姨" in all_of_them, "钱师傅" in all_of_them) == (True, True)
    assert "13900000001" in mine


@pytest.mark.parametrize("who", ["volunteer", "stranger", "sibling_leader"])
def test_others_find_neither_page_nor_application(
    formation: Formation,
    request: pytest.FixtureRequest,
    page_of: Callable[[User], Client],
    who: str,
    at: datetime,
) -> None:
    application = waiting(formation.squadron_a, "赵阿姨", "13900000001", at)
    client = page_of(request.getfixturevalue(who))

    assert client.get(PAGE).status_code == (200 if who == "sibling_leader" else 404)
    assert client.post(f"{PAGE}{application.pk}/", {"decision": "approve"}).status_code == 404
    assert Application.objects.get().status == "pending"


def test_approving_and_rejecting_come_back_to_the_list(
    formation: Formation, leader: User, page_of: Callable[[User], Client], at: datetime
) -> None:
    first = waiting(formation.squadron_a, "赵阿姨", "13900000001", at)
    second = waiting(formation.squadron_a, "钱师傅", "13900000002", at)
    client = page_of(leader)

    assert client.post(f"{PAGE}{first.pk}/", {"decision": "approve"}).status_code == 302
    assert (
        client.post(f"{PAGE}{second.pk}/", {"decision": "reject", "reason": " f\u202ear\x1b"}).status_code
        == 302
    )

    assert Volunteer.objects.filter(name="赵阿姨").exists()
    second.refresh_from_db()
    assert (second.status, second.reason) == ("rejected", "far")


def test_a_phone_that_is_known_is_told_on_the_page(
    formation: Formation, leader: User, volunteer: User, page_of: Callable[[User], Client], at: datetime
) -> None:
    application = waiting(formation.squadron_a, "赵阿姨", volunteer.phone, at)

    answer = page_of(leader).post(f"{PAGE}{application.pk}/", {"decision": "approve"})

    assert answer.status_code == 409
    assert "propose a transfer" in answer.content.decode()
