"""Blocks of numbers: handed out, used without a network, returned."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import NotFound
from backend.numbers.models import NumberBlock
from backend.numbers.queries.blocks import block_with_numbers
from backend.numbers.services.number_blocks import (
    DAY,
    MOST_A_DAY,
    BlockIdTaken,
    NumberNotYours,
    NumberTaken,
    TooManyBlocks,
    issue_block,
    register_from_block,
    return_block,
)
from backend.numbers.services.walk_ins import register_walk_in
from backend.volunteers import services
from backend.volunteers.models import NumberCounter, Role, Series, Unit, Volunteer
from backend.volunteers.number_scheme import parse_volunteer_number
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def block_for(unit: Unit, by: User, at: datetime, size: int = 5) -> NumberBlock:
    return issue_block(block_id=uuid7(), unit=unit, size=size, by=by, at=at)


def numbers_in(block: NumberBlock) -> list[int]:
    return [int(number.number) for number in block_with_numbers(block.unit, block.pk).numbers]


def test_a_block_holds_numbers_that_nobody_else_gets(
    leader: User, formation: Formation, at: datetime
) -> None:
    block = block_for(formation.squadron_a, leader, at, size=50)
    numbers = numbers_in(block)

    assert len(set(numbers)) == block.size == 50
    assert all(parse_volunteer_number(str(number)) == number for number in numbers)
    assert set(services.issue_numbers(200)).isdisjoint(numbers)
    entry = Entry.objects.get(act="number_block.issued")
    assert (entry.by, entry.details["size"]) == (leader, 50)
    assert entry.post == f"leader@{formation.squadron_a.number}"


def test_a_retry_returns_the_same_block(leader: User, formation: Formation, at: datetime) -> None:
    one = block_for(formation.squadron_a, leader, at)
    used = NumberCounter.objects.get(pk=Series.LIFE.value).used

    again = issue_block(block_id=one.pk, unit=formation.squadron_a, size=5, by=leader, at=at)

    assert again == one
    assert NumberCounter.objects.get(pk=Series.LIFE.value).used == used
    with pytest.raises(BlockIdTaken):
        issue_block(block_id=one.pk, unit=formation.squadron_a, size=6, by=leader, at=at)


def test_a_unit_takes_ten_blocks_a_day_and_returning_makes_no_room(
    leader: User, formation: Formation, at: datetime
) -> None:
    for _ in range(MOST_A_DAY):
        block = block_for(formation.squadron_a, leader, at, size=1)
        return_block(block_id=block.pk, unit=formation.squadron_a, by=leader, at=at)

    with pytest.raises(TooManyBlocks):
        block_for(formation.squadron_a, leader, at + DAY - timedelta(seconds=1))
    block_for(formation.squadron_a, leader, at + DAY)


def test_only_who_manages_the_unit_hands_out_blocks(
    sibling_leader: User,
    volunteer: User,
    stranger: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    for user in (sibling_leader, volunteer, stranger, dispatcher.user):
        with pytest.raises(NotFound):
            block_for(formation.squadron_a, user, at)
    assert not NumberBlock.objects.exists()


def test_somebody_is_registered_under_a_number_of_a_block(
    leader: User, formation: Formation, at: datetime
) -> None:
    block = block_for(formation.squadron_a, leader, at)
    number = numbers_in(block)[2]

    person = register_from_block(
        number=number,
        unit=formation.squadron_a,
        name="新人",
        phone="13811112222",
        born_on=date(1990, 5, 1),
        by=leader,
        at=at,
    )

    assert (person.number, person.name, person.born_on) == (number, "新人", date(1990, 5, 1))
    assert person.memberships.get(is_primary=True).unit == formation.squadron_a
    used = [n.is_used for n in block_with_numbers(formation.squadron_a, block.pk).numbers]
    assert used == [False, False, True, False, False]
    block.refresh_from_db()
    assert block.used == 1


def test_registering_again_is_a_retry_and_another_name_is_refused(
    leader: User, formation: Formation, at: datetime
) -> None:
    number = numbers_in(block_for(formation.squadron_a, leader, at))[0]

    def register(name: str) -> Volunteer:
        return register_from_block(number=number, unit=formation.squadron_a, name=name, by=leader, at=at)

    assert register("新人") == register("新人")
    with pytest.raises(NumberTaken):
        register("别人")
    assert Volunteer.objects.filter(number=number).count() == NumberBlock.objects.get().used == 1


def test_a_unit_uses_the_block_of_a_unit_above_it(
    leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    above = numbers_in(block_for(formation.detachment, commander, at))
    beside = numbers_in(block_for(formation.squadron_b, commander, at))

    register_from_block(number=above[0], unit=formation.squadron_a, name="新人", by=leader, at=at)
    with pytest.raises(NumberNotYours):
        register_from_block(number=beside[0], unit=formation.squadron_a, name="新人", by=leader, at=at)


def test_a_number_that_is_in_no_block_is_refused(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    block_for(formation.squadron_a, leader, at)

    for number in (volunteer.volunteer.number, services.issue_number(), walk_in.number):
        with pytest.raises(NumberNotYours):
            register_from_block(number=number, unit=formation.squadron_a, name="新人", by=leader, at=at)


def test_what_is_left_of_a_returned_block_is_void(leader: User, formation: Formation, at: datetime) -> None:
    block = block_for(formation.squadron_a, leader, at)
    first, second, *_ = numbers_in(block)
    person = register_from_block(number=first, unit=formation.squadron_a, name="新人", by=leader, at=at)

    returned = return_block(block_id=block.pk, unit=formation.squadron_a, by=leader, at=at)
    again = return_block(block_id=block.pk, unit=formation.squadron_a, by=leader, at=at + timedelta(hours=1))

    assert returned.returned_at == again.returned_at == at
    with pytest.raises(NumberNotYours):
        register_from_block(number=second, unit=formation.squadron_a, name="后来", by=leader, at=at)
    retry = register_from_block(number=first, unit=formation.squadron_a, name="新人", by=leader, at=at)
    assert retry == person
    assert Entry.objects.get(act="number_block.returned").details["unused"] == 4


def test_a_block_is_returned_by_its_own_unit_alone(
    leader: User, sibling_leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    block = block_for(formation.squadron_a, leader, at)

    for user, unit in ((sibling_leader, formation.squadron_a), (sibling_leader, formation.squadron_b)):
        with pytest.raises(NotFound):
            return_block(block_id=block.pk, unit=unit, by=user, at=at)
    with pytest.raises(NotFound):
        return_block(block_id=uuid7(), unit=formation.squadron_a, by=commander, at=at)
    block.refresh_from_db()
    assert block.returned_at is None


def test_the_doors_hand_out_list_print_and_take_back(
    leader: User, formation: Formation, client_of: ClientOf
) -> None:
    client = client_of(leader)
    address = f"/api/v1/units/{formation.squadron_a.number}/number-blocks"
    ids = [str(uuid7()), str(uuid7())]
    for block_id in ids:
        assert client.post(address, {"id": block_id, "size": 3}, format="json").status_code == 201

    assert {block["id"] for block in client.get(address).json()} == set(ids)
    numbers = client.get(f"{address}/{ids[0]}").json()["numbers"]
    assert [n["written"].replace(" ", "") for n in numbers] == [n["number"] for n in numbers]
    person = {"number": numbers[0]["written"], "name": " 新人 "}
    made = client.post(f"/api/v1/units/{formation.squadron_a.number}/registrations", person, format="json")
    assert (made.status_code, made.json()["number"], made.json()["name"]) == (
        201,
        numbers[0]["number"],
        "新人",
    )
    returned = client.post(f"{address}/{ids[0]}/return").json()
    assert (returned["used"], returned["returned_at"] is None) == (1, False)
    assert client.get(f"{address}/{UUID(int=1)}").status_code == 404


@pytest.mark.parametrize("size", [0, -1, 1_001, "x", None])
def test_a_block_has_a_size(size: object, leader: User, formation: Formation, client_of: ClientOf) -> None:
    address = f"/api/v1/units/{formation.squadron_a.number}/number-blocks"

    answer = client_of(leader).post(address, {"id": str(uuid7()), "size": size}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/size")


def test_a_number_that_is_none_is_named(leader: User, formation: Formation, client_of: ClientOf) -> None:
    address = f"/api/v1/units/{formation.squadron_a.number}/registrations"

    answer = client_of(leader).post(address, {"number": "2345 6782", "name": "新人"}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/number")


@pytest.mark.postgres
def test_two_retries_of_a_block_at_once_make_one(
    race: Race, leader: User, formation: Formation, at: datetime
) -> None:
    block_id = uuid7()

    def issue() -> NumberBlock:
        return issue_block(block_id=block_id, unit=formation.squadron_a, size=5, by=leader, at=at)

    assert {block.pk for block in race(*[issue] * 6)} == {block_id}
    assert NumberBlock.objects.count() == 1


@pytest.mark.postgres
def test_a_number_of_a_block_goes_to_one_of_those_who_take_it_at_once(
    race: Race, leader: User, formation: Formation, at: datetime
) -> None:
    number = numbers_in(block_for(formation.squadron_a, leader, at))[0]

    def register(name: str) -> Callable[[], Volunteer]:
        return lambda: register_from_block(
            number=number, unit=formation.squadron_a, name=name, by=leader, at=at
        )

    results = race(*[register(f"新人{n}") for n in range(6)])

    assert sum(isinstance(result, Volunteer) for result in results) == 1
    assert sum(isinstance(result, NumberTaken) for result in results) == 5
    assert NumberBlock.objects.get().used == 1


@pytest.mark.postgres
def test_a_registration_and_the_return_of_its_block_do_not_both_count(
    race: Race, leader: User, formation: Formation, at: datetime
) -> None:
    block = block_for(formation.squadron_a, leader, at, size=8)

    def register(number: int) -> Callable[[], Volunteer]:
        return lambda: register_from_block(
            number=number, unit=formation.squadron_a, name="新人", by=leader, at=at
        )

    acts = [register(number) for number in numbers_in(block)]
    results = race(
        *acts, lambda: return_block(block_id=block.pk, unit=formation.squadron_a, by=leader, at=at)
    )

    made = [result for result in results[:-1] if isinstance(result, Volunteer)]
    assert all(isinstance(result, Volunteer | NumberNotYours) for result in results[:-1])
    assert Entry.objects.get(act="number_block.returned").details["unused"] == 8 - len(made)
