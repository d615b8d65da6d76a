"""The page where a partner's leader chooses, and what the page of its unit shows."""

from datetime import datetime

import pytest

from backend.accounts.models import User
from backend.partners.models import Sharing
from tests.pages import page_of
from tests.partners.conftest import Team


def address(team: Team) -> str:
    return f"/units/{team.unit.number}/sharing/"


def test_its_leader_chooses_on_the_page(team: Team, at: datetime) -> None:
    page = page_of(team.head.user, at)
    assert page.get(address(team)).status_code == 200

    sent = {"shares": "all", "contact_name": "值班室", "contact_phone": "057988887777"}
    assert page.post(address(team), sent).status_code == 302

    kept = Sharing.objects.get()
    assert (kept.shares, kept.contact_name, kept.contact_phone) == ("all", "值班室", "057988887777")


def test_half_a_contact_is_refused_and_stays(team: Team, at: datetime) -> None:
    answer = page_of(team.head.user, at).post(address(team), {"shares": "all", "contact_name": "值班室"})

    assert answer.status_code == 422
    assert "值班室" in answer.content.decode()
    assert Sharing.objects.get().shares == "contact"


@pytest.mark.parametrize("who", ["chief", "commander", "sibling_leader", "stranger", "member"])
def test_the_page_is_for_no_other(team: Team, at: datetime, who: str, request: pytest.FixtureRequest) -> None:
    user: User = team.members[0].user if who == "member" else request.getfixturevalue(who)

    page = page_of(user, at)

    assert page.get(address(team)).status_code == 404
    assert page.post(address(team), {"shares": "all"}).status_code == 404
    assert Sharing.objects.get().shares == "contact"


def test_the_page_of_the_unit_shows_the_contact_to_those_above(team: Team, chief: User, at: datetime) -> None:
    shown = page_of(chief, at).get(f"/units/{team.unit.number}/").content.decode()

    assert team.head.user.phone in shown
    assert address(team) not in shown
    assert team.head.looks.filter(viewer=chief, what="phone").exists()


def test_the_page_of_the_unit_leads_its_leader_to_the_choice(team: Team, at: datetime) -> None:
    shown = page_of(team.head.user, at).get(f"/units/{team.unit.number}/").content.decode()

    assert address(team) in shown
