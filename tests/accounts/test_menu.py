"""The menu has the pages that rooms register, in the order that fits the person's posts."""

from datetime import datetime

import pytest

from backend.accounts.models import User
from backend.accounts.pages.menu import Page, pages_for, register
from backend.volunteers.models import Role
from tests.conftest import Formation, MakeVolunteer, posted

ABOUT_ONESELF = ["availability", "waking", "my-data", "badge", "devices", "people-here"]
OF_LEADERS = ["roster", "numbers", "applications", "imports"]


@pytest.mark.parametrize(
    ("who", "pages"),
    [
        ("commander", ["console", "leader", "me", *OF_LEADERS, *ABOUT_ONESELF]),
        ("leader", ["leader", "console", "me", *OF_LEADERS, *ABOUT_ONESELF]),
        ("volunteer", ["me", *ABOUT_ONESELF]),
        ("stranger", ["me", *ABOUT_ONESELF]),
    ],
)
def test_menu_begins_with_the_first_page_of_a_person(
    request: pytest.FixtureRequest, at: datetime, who: str, pages: list[str]
) -> None:
    user: User = request.getfixturevalue(who)

    assert [page.name for page in pages_for(user, at=at)] == pages


def test_menu_of_a_dispatcher_has_no_pages_of_those_who_manage(
    formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    dispatcher = posted(make_volunteer(formation.squadron_a), Role.DISPATCHER, at)

    pages = [page.name for page in pages_for(dispatcher, at=at)]

    assert pages == ["leader", "console", "me", "roster", "numbers", *ABOUT_ONESELF]


def test_a_page_stands_in_the_menu_once() -> None:
    with pytest.raises(ValueError, match="badge is in the menu already"):
        register(Page("badge", "My badge", lambda _roles: 0))  # type: ignore[arg-type]
