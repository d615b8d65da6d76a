"""What a look-up tells of a number, and to whom."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.lib.errors import NotFound
from backend.numbers.queries.look_up import look_up
from backend.numbers.services.number_blocks import issue_block, return_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.rosters.models import NewcomerNumber
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import receive_import
from backend.rosters.services.staging import number_newcomers
from backend.volunteers import services
from backend.volunteers.models import NumberCounter, Role, Series, Volunteer
from backend.volunteers.number_parsing import one_slip_away
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.queries.numbers import number_in, numbers_of, volunteer_by_number
from backend.volunteers.services.life_numbers import give_life_number
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.numbers import issue_number
from backend.volunteers.services.standing import retire
from tests.conftest import Formation, MakeVolunteer, SignedInClient
from tests.rosters.files import HEADINGS, csv_file, people

ClientOf = Callable[[User], SignedInClient]


def number_of(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def next_number(series: Series = Series.LIFE) -> int:
    """Return the number that the counter will issue next."""
    counter = NumberCounter.objects.get_or_create(pk=series.value)[0]
    return next(counter.numbers(counter.used, 100))


@pytest.fixture
def headquarters(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the commander of headquarters."""
    person = make_volunteer(formation.headquarters, on_duty=False, name="总指挥")
    services.appoint(volunteer=person, unit=formation.headquarters, role=Role.COMMANDER, by=None, at=at)
    return person.user


def test_a_leader_is_told_the_name_and_the_units(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    found = look_up(format_volunteer_number(volunteer.volunteer.number), by=leader, at=at)

    assert (found.state, found.number, found.name) == ("registered", number_of(volunteer), "王大妈")
    assert [unit.number for unit in found.units] == [formation.squadron_a.number]


def test_a_comrade_is_told_the_unit_but_no_name(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    found = look_up(number_of(leader), by=volunteer, at=at)

    assert (found.state, found.name) == ("registered", None)
    assert [unit.number for unit in found.units] == [formation.squadron_a.number]


def test_whoever_has_retired_is_told_of_nobody_but_themselves(
    leader: User, volunteer: User, at: datetime
) -> None:
    retire(number=number_of(volunteer), by=leader, at=at)

    assert look_up(number_of(volunteer), by=volunteer, at=at).name == "王大妈"
    with pytest.raises(NotFound):
        look_up(number_of(leader), by=volunteer, at=at)


def test_a_number_of_somebody_who_waits_in_an_import_is_not_void(
    headquarters: User, formation: Formation, at: datetime, tmp_path: Path
) -> None:
    """Void is for good; this one is somebody's a moment later."""
    path = csv_file(tmp_path, [HEADINGS[:2], *people(1)])
    batch = receive_import(
        id=uuid7(), unit=formation.brigade, name="Autumn", path=path, file_name="x", by=None, at=at
    )
    work_on(batch.pk)
    number_newcomers(batch.pk, after_row=0)
    number = NewcomerNumber.objects.get().number

    assert look_up(f"{number:08d}", by=headquarters, at=at).state == "not_issued"


def test_a_comrade_is_not_told_other_units(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    leader.volunteer.memberships.create(unit=formation.squadron_c)

    units = look_up(number_of(leader), by=volunteer, at=at).units

    assert [unit.number for unit in units] == [formation.squadron_a.number]


def test_everybody_looks_up_themselves(stranger: User, at: datetime) -> None:
    found = look_up(number_of(stranger), by=stranger, at=at)

    assert (found.state, found.name, found.units) == ("registered", "陌生人", [])


def test_an_alias_names_the_number_that_is_good(leader: User, formation: Formation, at: datetime) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    before = walk_in.number
    assert look_up(str(before), by=leader, at=at).state == "temporary"

    after = give_life_number(number=before, by=leader, at=at).number
    found = look_up(str(before), by=leader, at=at)

    assert (found.state, found.number, found.now) == ("alias", f"{before:08d}", f"{after:08d}")
    assert found.name == "帮手"
    assert look_up(str(after), by=leader, at=at).state == "registered"


def test_a_number_of_a_block_is_told_to_who_manages_the_unit(
    leader: User, sibling_leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    number = next_number()
    block = issue_block(block_id=uuid7(), unit=formation.squadron_a, size=2, by=leader, at=at)

    for user in (leader, commander):
        found = look_up(str(number), by=user, at=at)
        assert (found.state, found.unit and found.unit.number) == ("block", formation.squadron_a.number)
    return_block(block_id=block.pk, unit=formation.squadron_a, by=leader, at=at)
    assert look_up(str(number), by=leader, at=at).state == "void"
    with pytest.raises(NotFound):
        look_up(str(number), by=sibling_leader, at=at)


def test_headquarters_is_told_the_state_of_every_number(
    headquarters: User, stranger: User, at: datetime
) -> None:
    dropped = issue_number()  # and nobody got it
    free = {series: next_number(series) for series in Series}

    assert look_up(str(dropped), by=headquarters, at=at).state == "void"
    assert {look_up(str(number), by=headquarters, at=at).state for number in free.values()} == {"not_issued"}
    hidden = look_up(number_of(stranger), by=headquarters, at=at)
    assert (hidden.state, hidden.name, hidden.units) == ("registered", None, [])


def test_what_somebody_may_not_see_is_no_different_from_what_nobody_has(
    sibling_leader: User,
    stranger: User,
    volunteer: User,
    leader: User,
    formation: Formation,
    client_of: ClientOf,
    at: datetime,
) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    other = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手二", by=leader, at=at)
    give_life_number(number=other.number, by=leader, at=at)
    in_block = next_number()
    issue_block(block_id=uuid7(), unit=formation.squadron_a, size=2, by=leader, at=at)
    returned = next_number()
    block = issue_block(block_id=uuid7(), unit=formation.squadron_a, size=2, by=leader, at=at)
    return_block(block_id=block.pk, unit=formation.squadron_a, by=leader, at=at)
    numbers = {
        "registered": volunteer.volunteer.number,
        "temporary": walk_in.number,
        "alias": other.number,
        "in a block": in_block,
        "of a returned block": returned,
        "dropped": issue_number(),
        "not issued": next_number(),
        "temporary, not issued": next_number(Series.TEMPORARY),
    }
    assert len(set(numbers.values())) == len(numbers)

    for caller in (sibling_leader, stranger):
        client = client_of(caller)
        answers = {name: client.get(f"/api/v1/numbers/{number}") for name, number in numbers.items()}
        told = {(answer.status_code, answer.content) for answer in answers.values()}
        assert len(told) == 1, {name: answer.content for name, answer in answers.items()}
        assert told.pop()[0] == 404


# --- did you mean -------------------------------------------------------------------------------------------------


def wrong(number: int) -> str:
    """Return a number with its check digit wrong by one."""
    return f"{number // 10}{(number + 1) % 10}"


def test_a_wrong_check_digit_is_answered_by_people_of_ones_own_units(
    leader: User, sibling_leader: User, stranger: User, volunteer: User, at: datetime
) -> None:
    number = volunteer.volunteer.number

    found = look_up(wrong(number), by=leader, at=at)
    assert (found.state, found.number) == ("invalid", None)
    assert [(s.number, s.name) for s in found.did_you_mean] == [(f"{number:08d}", "王大妈")]
    comrades = look_up(wrong(leader.volunteer.number), by=volunteer, at=at).did_you_mean
    assert [(s.number, s.name) for s in comrades] == [(number_of(leader), None)]
    for other in (sibling_leader, stranger):
        found = look_up(wrong(number), by=other, at=at)
        assert (found.state, found.did_you_mean) == ("invalid", [])


def test_an_old_number_is_suggested_too(leader: User, formation: Formation, at: datetime) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    give_life_number(number=walk_in.number, by=leader, at=at)

    suggestions = look_up(wrong(walk_in.number), by=leader, at=at).did_you_mean

    assert [(s.number, s.name) for s in suggestions] == [(f"{walk_in.number:08d}", "帮手")]


def test_suggestions_cost_the_same_however_many_there_are(
    leader: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    django_assert_num_queries: Callable[..., Any],
    at: datetime,
) -> None:
    near = sorted(one_slip_away("23456782"))[:3]
    for number in near:
        Volunteer.objects.filter(pk=make_volunteer(formation.squadron_a).pk).update(number=number)

    with django_assert_num_queries(3):
        found = look_up("2345 6782", by=leader, at=at)

    assert [int(s.number) for s in found.did_you_mean] == near


@pytest.mark.parametrize("text", ["hello", "1234", "2345678123", "谁", "9" * 200])
def test_what_is_no_number_is_invalid_without_suggestions(leader: User, text: str, at: datetime) -> None:
    found = look_up(text, by=leader, at=at)

    assert (found.state, found.number, found.did_you_mean) == ("invalid", None, [])


@pytest.mark.parametrize("form", ["{} {}", "{}-{}", "编号：{}　{}", "No. {}{}"])
def test_the_door_takes_numbers_as_people_write_them(
    form: str, leader: User, volunteer: User, client_of: ClientOf
) -> None:
    digits = number_of(volunteer)
    text = form.format(digits[:4], digits[4:])

    answer = client_of(leader).get(f"/api/v1/numbers/{quote(text, safe='')}")

    assert (answer.status_code, answer.json()["number"]) == (200, digits)


def test_the_door_takes_numbers_as_people_say_them(
    leader: User, volunteer: User, client_of: ClientOf
) -> None:
    said = "".join("洞幺两三四五六拐八勾"[int(digit)] for digit in number_of(volunteer))

    assert client_of(leader).get(f"/api/v1/numbers/{said}").json()["name"] == "王大妈"


# --- whose a number is --------------------------------------------------------------------------------------------


def test_a_number_leads_to_its_person_through_aliases_and_merges(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    temporary = walk_in.number
    life = give_life_number(number=temporary, by=leader, at=at).number
    merge_volunteers(kept=volunteer.volunteer.number, duplicate=life, by=leader, at=at)

    assert {volunteer_by_number(n).pk for n in (temporary, life)} == {volunteer.volunteer.pk}
    assert set(numbers_of(volunteer.volunteer)) == {volunteer.volunteer.number, temporary, life}
    with pytest.raises(NotFound):
        volunteer_by_number(next_number())


def test_a_text_that_is_no_number_is_nobodys(db: None) -> None:
    assert number_in("2345 6781") == 23456781
    with pytest.raises(NotFound):
        number_in("2345 6782")
