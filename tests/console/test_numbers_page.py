"""The pages of numbers: what they show to whom, and that they do what their doors do."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from uuid6 import uuid7

from backend.accounts.models import User
from backend.numbers.models import NumberBlock
from backend.numbers.queries.blocks import block_with_numbers
from backend.numbers.services.number_blocks import MOST_A_DAY, issue_block
from backend.volunteers import services
from backend.volunteers.models import NumberAlias, Role, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from tests.conftest import Formation, MakeVolunteer
from tests.console.test_views import signed_in

PAGE = "console:numbers"


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form_id(client: Client, address: str) -> str:
    """Return the id that the form with this address carries."""
    page = client.get(reverse(PAGE)).content.decode()
    form = page[page.index(f'action="{address}"') :]
    found = re.search(r'name="id" value="([^"]+)"', form)
    assert found
    return found[1]


def test_a_number_is_looked_up(leader: User, volunteer: User) -> None:
    client = signed_in(leader)
    written = format_volunteer_number(volunteer.volunteer.number)

    shown = text_of(client.get(reverse(PAGE), {"number": f"编号：{written}"}))

    assert written in shown
    assert "王大妈" in shown


def test_a_wrong_number_is_answered_by_a_link_to_the_right_one(leader: User, volunteer: User) -> None:
    number = volunteer.volunteer.number
    wrong = f"{number // 10}{(number + 1) % 10}"

    page = signed_in(leader).get(reverse(PAGE), {"number": wrong}).content.decode()

    assert f'href="?number={number}"' in page


def test_what_one_may_not_see_and_what_there_is_not_look_the_same(
    sibling_leader: User, volunteer: User
) -> None:
    client = signed_in(sibling_leader)
    hidden, missing = (
        text_of(client.get(reverse(PAGE), {"number": number}))
        for number in (str(volunteer.volunteer.number), str(services.issue_number()))
    )

    assert hidden == missing
    assert "王大妈" not in hidden


def test_a_walk_in_is_registered_and_gets_a_number_for_life(leader: User, formation: Formation) -> None:
    client = signed_in(leader)
    address = reverse("console:walk-in")
    fields = {"unit": formation.squadron_a.number, "name": "帮手", "id": form_id(client, address)}

    shown = client.post(address, fields, follow=True)
    client.post(address, fields)
    person = Volunteer.objects.get(name="帮手")

    assert format_volunteer_number(person.number) in text_of(shown)
    life = client.post(reverse("console:life-number"), {"number": str(person.number)}, follow=True)
    before = person.number
    person.refresh_from_db()
    assert NumberAlias.objects.get().number == before
    assert format_volunteer_number(person.number) in text_of(life)


def test_a_block_is_handed_out_printed_and_taken_back(leader: User, formation: Formation) -> None:
    client = signed_in(leader)
    address = reverse("console:new-number-block")
    fields = {"unit": formation.squadron_a.number, "size": "12", "id": form_id(client, address)}

    printed = text_of(client.post(address, fields, follow=True))
    block = NumberBlock.objects.get()

    numbers = block_with_numbers(formation.squadron_a, block.pk).numbers
    assert [number.written in printed for number in numbers] == [True] * 12
    place = {"number": formation.squadron_a.number, "block_id": block.pk}
    register = reverse("console:register-from-block", kwargs=place)
    person = {"number": numbers[3].written, "name": "新人"}
    assert client.post(register, person).status_code == 302
    assert Volunteer.objects.get(number=int(numbers[3].number)).name == "新人"
    wrong = client.post(register, {**person, "name": "别人"})
    assert "has this number already" in text_of(wrong)
    assert client.post(register, {**person, "number": "12"}).status_code == 422
    assert client.post(reverse("console:take-back-number-block", kwargs=place)).status_code == 302
    block.refresh_from_db()
    assert block.returned_at is not None


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"phone": "call me"}, {"born_on": "yesterday"}, {"id": "1"}], ids=str
)
def test_a_form_with_mistakes_says_so(changes: dict[str, str], leader: User, formation: Formation) -> None:
    fields = {"unit": formation.squadron_a.number, "name": "帮手", "id": str(uuid7()), **changes}

    response = signed_in(leader).post(reverse("console:walk-in"), fields)

    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Volunteer.objects.filter(name="帮手").exists()


def test_a_refusal_is_told(leader: User, volunteer: User, formation: Formation, at: datetime) -> None:
    client = signed_in(leader)
    for _ in range(MOST_A_DAY):
        issue_block(block_id=uuid7(), unit=formation.squadron_a, size=1, by=leader, at=at)
    unit = formation.squadron_a.number

    taken = client.post(
        reverse("console:walk-in"),
        {"unit": unit, "name": "帮手", "phone": volunteer.phone, "id": str(uuid7())},
    )
    many = client.post(reverse("console:new-number-block"), {"unit": unit, "size": "1", "id": str(uuid7())})

    assert (taken.status_code, many.status_code) == (422, 422)
    assert "this phone already" in text_of(taken)
    assert "10 blocks" in text_of(many)


def test_a_dispatcher_sees_no_blocks(
    make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    page = signed_in(dispatcher.user).get(reverse(PAGE)).content.decode()

    assert reverse("console:walk-in") in page
    assert reverse("console:new-number-block") not in page


@pytest.mark.parametrize("who", ["sibling_leader", "volunteer", "stranger"])
def test_others_register_nobody_and_see_no_block(
    who: str, request: pytest.FixtureRequest, leader: User, formation: Formation, at: datetime
) -> None:
    client = signed_in(request.getfixturevalue(who))
    unit = formation.squadron_a.number
    block = issue_block(block_id=uuid7(), unit=formation.squadron_a, size=3, by=leader, at=at)
    place = {"number": unit, "block_id": block.pk}

    answers = [
        client.post(reverse("console:walk-in"), {"unit": unit, "name": "帮手", "id": str(uuid7())}),
        client.post(reverse("console:new-number-block"), {"unit": unit, "size": "1", "id": str(uuid7())}),
        client.get(reverse("console:number-block", kwargs=place)),
        client.post(reverse("console:take-back-number-block", kwargs=place)),
        client.post(reverse("console:register-from-block", kwargs=place), {"number": "1", "name": "新人"}),
        client.post(reverse("console:life-number"), {"number": str(leader.volunteer.number)}),
    ]

    assert [answer.status_code for answer in answers[:5]] == [404] * 5
    assert answers[5].status_code in (404, 422)
    assert NumberBlock.objects.get().returned_at is None


@pytest.mark.django_db
def test_nobody_gets_in_without_signing_in() -> None:
    response = Client().get(reverse(PAGE))

    assert (response.status_code, response.headers["Location"]) == (302, f"/sign-in/?next={reverse(PAGE)}")
