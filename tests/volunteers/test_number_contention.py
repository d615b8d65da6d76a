"""Numbers when importers, doors and blocks take them at the same moment: none twice, none lost without a word."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.db import transaction
from uuid6 import uuid7

from backend.accounts.models import User
from backend.numbers.models import NumberBlock
from backend.numbers.queries.blocks import block_with_numbers
from backend.numbers.queries.look_up import look_up
from backend.numbers.queries.number_tally import tally
from backend.numbers.services.number_blocks import issue_block, return_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.rosters.models import NewcomerNumber
from backend.volunteers import services
from backend.volunteers.models import NumberAlias, NumberCounter, Role, Series, Unit, Volunteer
from backend.volunteers.services.life_numbers import give_life_number
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.numbers import issue_numbers
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient

IMPORTED, PORTION = 3_000, 1_500


class _Broken(Exception):
    """An import that fails after it has taken numbers."""


def import_people(unit: Unit, *, count: int, fails: bool = False) -> list[int]:
    """Write many people in one transaction, as an importer does; rolled back if it `fails`."""
    with transaction.atomic():
        numbers = issue_numbers(count)
        users = User.objects.bulk_create([User(password=make_password(None)) for _ in numbers])
        people = zip(users, numbers, strict=True)
        Volunteer.objects.bulk_create([Volunteer(user=user, number=n, name="导入") for user, n in people])
        if fails:
            raise _Broken
    return numbers


def headquarters_of(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    person = make_volunteer(formation.headquarters)
    services.appoint(volunteer=person, unit=formation.headquarters, role=Role.COMMANDER, by=None, at=at)
    return person.user


def import_in_portions(unit: Unit, *, fails: bool = False) -> list[int]:
    """Import `IMPORTED` people, each `PORTION` in a transaction."""
    portions = range(IMPORTED // PORTION)
    return [number for _ in portions for number in import_people(unit, count=PORTION, fails=fails)]


def posted(client: SignedInClient, address: str, body: Any = None) -> Any:
    """Return what a door answered to something that it did."""
    answer = client.post(f"/api/v1/{address}", body, format="json")
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def register_walk_ins(client: SignedInClient, unit: Unit) -> list[str]:
    """Register 20 over REST, and give ten of them a number for life; returns all 30 numbers."""
    address = f"units/{unit.number}/walk-ins"
    made = [posted(client, address, {"id": str(uuid7()), "name": "帮手"})["number"] for _ in range(20)]
    return made + [posted(client, f"volunteers/{number}/life-number")["number"] for number in made[:10]]


def use_blocks(client: SignedInClient, unit: Unit, squadron: Unit) -> list[str]:
    """Take 8 blocks of 50 over REST, use five numbers of each, return every other; returns all 400 numbers."""
    found = []
    for turn in range(8):
        block = posted(client, f"units/{unit.number}/number-blocks", {"id": str(uuid7()), "size": 50})
        address = f"units/{unit.number}/number-blocks/{block['id']}"
        numbers = [n["number"] for n in client.get(f"/api/v1/{address}").json()["numbers"]]
        for number in numbers[:5]:
            posted(client, f"units/{squadron.number}/registrations", {"number": number, "name": "新人"})
        if turn % 2:
            posted(client, f"{address}/return")
        found += numbers
    return found


def register(unit: Unit, by: User) -> list[int]:
    """Register 40 people one after the other, each in a transaction."""
    at = datetime.now(UTC)
    return [
        services.create_volunteer(name="新人", phone=None, units=[unit], by=by, at=at).number
        for _ in range(40)
    ]


@pytest.mark.postgres
@pytest.mark.timeout(240)
def test_importers_doors_and_blocks_at_once_leave_no_number_twice_and_none_unaccounted(
    race: Race,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    leader: User,
    commander: User,
    client_of: Callable[[User], SignedInClient],
    at: datetime,
) -> None:
    chief = headquarters_of(formation, make_volunteer, at)
    squadron, county = formation.squadron_a, formation.detachment

    failed, *results = race(
        lambda: import_in_portions(squadron, fails=True),
        lambda: import_in_portions(squadron),
        lambda: import_in_portions(squadron),
        lambda: register_walk_ins(client_of(leader), squadron),
        lambda: register_walk_ins(client_of(leader), squadron),
        lambda: use_blocks(client_of(commander), county, squadron),
        lambda: register(squadron, leader),
        lambda: register(squadron, leader),
    )

    assert isinstance(failed, _Broken)
    assert [result for result in results if isinstance(result, Exception)] == []
    issued = [int(number) for result in results for number in result]
    assert [number for number, times in Counter(issued).items() if times > 1] == []
    assert len(issued) == 2 * IMPORTED + 2 * 30 + 8 * 50 + 2 * 40
    _expect_every_index_is_accounted_for(chief, at)


def _expect_every_index_is_accounted_for(chief: User, at: datetime) -> None:
    """Count by sets of our own, compare with the tally, and ask the look-up for every number that is nobody's."""
    held = set(Volunteer.objects.values_list("number", flat=True))
    aliases = set(NumberAlias.objects.values_list("number", flat=True))
    assert held.isdisjoint(aliases)
    for series in Series:
        counter = NumberCounter.objects.get(pk=series.value)
        numbers = [n for index in range(counter.used) if (n := counter.number_at(index)) is not None]
        in_blocks = {
            int(number.number): "void" if block.returned_at else "block"
            for block in NumberBlock.objects.select_related("unit")
            for number in block_with_numbers(block.unit, block.pk).numbers
            if not number.is_used and series == Series.LIFE
        }
        unexplained = [n for n in numbers if n not in held and n not in aliases and n not in in_blocks]
        assert unexplained == []
        result = tally(series)
        assert result.adds_up
        assert (result.tried, result.skipped) == (counter.used, counter.used - len(numbers))
        assert result.registered == len(held & set(numbers))
        assert result.aliases == len(aliases & set(numbers))
        counted = Counter(in_blocks.values())
        assert (result.in_blocks, result.void) == (counted["block"], counted["void"])
        told = {number: look_up(str(number), by=chief, at=at).state for number in in_blocks}
        assert told == in_blocks
        sample = [*sorted(held & set(numbers))[:50], *sorted(aliases & set(numbers))]
        states = {look_up(str(number), by=chief, at=at).state for number in sample}
        assert states <= {"registered", "temporary", "alias"}


def test_what_is_rolled_back_is_issued_again_and_nothing_is_lost(formation: Formation) -> None:
    import_people(formation.squadron_a, count=20)
    before = NumberCounter.objects.get(pk=Series.LIFE.value).used

    with pytest.raises(_Broken):
        import_people(formation.squadron_a, count=20, fails=True)

    assert NumberCounter.objects.get(pk=Series.LIFE.value).used == before
    assert Volunteer.objects.count() == 20
    assert tally(Series.LIFE).void == 0


def test_the_tally_counts_what_became_of_every_index(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    squadron = formation.squadron_a
    issue_block(block_id=uuid7(), unit=squadron, size=7, by=leader, at=at)
    returned = issue_block(block_id=uuid7(), unit=squadron, size=4, by=leader, at=at)
    return_block(block_id=returned.pk, unit=squadron, by=leader, at=at)
    issue_numbers(3)  # and nobody got them
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=squadron, name="帮手", by=leader, at=at)
    register_walk_in(walk_in_id=uuid7(), unit=squadron, name="帮手二", by=leader, at=at)
    life = give_life_number(number=walk_in.number, by=leader, at=at).number
    merge_volunteers(kept=volunteer.volunteer.number, duplicate=life, by=leader, at=at)
    for newcomer, number in enumerate(issue_numbers(2), start=1):  # of an import that goes on
        NewcomerNumber.objects.create(newcomer_id=newcomer, number=number)

    one, other = tally(Series.LIFE), tally(Series.TEMPORARY)

    assert (one.registered, one.aliases, one.in_blocks, one.void, one.waiting) == (2, 1, 7, 4 + 3, 2)
    assert (other.registered, other.aliases, other.in_blocks, other.void) == (1, 1, 0, 0)
    assert one.adds_up
    assert other.adds_up


def test_check_numbers_names_a_number_that_would_be_issued_again(volunteer: User) -> None:
    told = StringIO()
    call_command("check_numbers", stdout=told)
    assert "life: tried" in told.getvalue()

    counter = NumberCounter.objects.get(pk=Series.LIFE.value)
    foreign: Any = next(counter.numbers(counter.used + 5, 50))
    Volunteer.objects.filter(pk=volunteer.volunteer.pk).update(number=foreign)

    with pytest.raises(CommandError, match=f"{foreign:08d}"[:4]):
        call_command("check_numbers", stdout=told)


def test_check_numbers_sets_numbers_aside_after_a_restored_backup(volunteer: User) -> None:
    counter = NumberCounter.objects.get(pk=Series.LIFE.value)
    on_cards = set(list(counter.numbers(counter.used, 100))[:20])

    call_command("check_numbers", skip=20, stdout=StringIO())

    assert on_cards.isdisjoint(issue_numbers(50))
    assert tally(Series.LIFE).void == 20 + 50
