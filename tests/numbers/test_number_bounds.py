"""Numbers are used up for good: how many is bounded by the caller, by the roster, and by every unit above; and told."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.numbers.models import NumberBlock, WalkIn
from backend.numbers.queries.number_use import share_used, warn_of_numbers
from backend.numbers.services import number_bounds
from backend.numbers.services.number_blocks import (
    TooManyBlocks,
    issue_block,
    register_from_block,
    return_block,
)
from backend.numbers.services.walk_ins import register_walk_in
from backend.rosters.models import RosterImport
from backend.rosters.services import newcomer_bounds
from backend.rosters.services.import_files import import_file
from backend.volunteers import services
from backend.volunteers.models import NumberCounter, Role, Series, Unit, UnitCount
from backend.volunteers.schemas.formation import UnitIn
from backend.volunteers.services.numbers import TooManyNumbers
from backend.volunteers.services.units import create_unit
from tests.conftest import Formation, MakeVolunteer, SignedInClient
from tests.pages import page_of
from tests.rosters.files import HEADINGS, csv_file, people

DAY = timedelta(days=1)


def take(unit: Unit, size: int, by: User, at: datetime) -> NumberBlock:
    return issue_block(block_id=uuid7(), unit=unit, size=size, by=by, at=at)


@pytest.fixture
def chief(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the leader of the brigade, who looks after two squadrons."""
    person = make_volunteer(formation.brigade, on_duty=False)
    services.appoint(volunteer=person, unit=formation.brigade, role=Role.LEADER, by=None, at=at)
    return person.user


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Justify ten unused numbers in a squadron and fifteen in a brigade, beside one for each member."""
    monkeypatch.setattr(
        number_bounds, "SPARE", {**number_bounds.SPARE, "squadron": 10, "partner": 10, "brigade": 15}
    )


# --- by the roster ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("little")
def test_unused_numbers_are_bounded_by_the_roster(formation: Formation, chief: User, at: datetime) -> None:
    UnitCount.objects.update_or_create(
        unit=formation.squadron_a, defaults={"path": formation.squadron_a.path, "members": 2}
    )

    take(formation.squadron_a, 12, chief, at)

    with pytest.raises(TooManyNumbers, match="12 unused"):
        take(formation.squadron_a, 1, chief, at)


@pytest.mark.usefixtures("little")
def test_numbers_that_somebody_got_do_not_count(formation: Formation, chief: User, at: datetime) -> None:
    block = take(formation.squadron_a, 10, chief, at)
    with pytest.raises(TooManyNumbers):
        take(formation.squadron_a, 5, chief, at)

    counter = NumberCounter.objects.get(pk=Series.LIFE.value)
    numbers = list(counter.numbers(block.first_index, block.indexes))
    for number in numbers[:4]:
        register_from_block(number=number, unit=formation.squadron_a, name="新人", by=chief, at=at)

    assert take(formation.squadron_a, 5, chief, at).size == 5


@pytest.mark.usefixtures("little")
def test_a_block_that_was_returned_counts_for_a_month(
    formation: Formation, chief: User, at: datetime
) -> None:
    """Taking and returning all day would use up the force's numbers: what is returned is void."""
    block = take(formation.squadron_a, 10, chief, at)
    return_block(block_id=block.pk, unit=formation.squadron_a, by=chief, at=at)

    with pytest.raises(TooManyNumbers):
        take(formation.squadron_a, 5, chief, at + 29 * DAY)
    assert take(formation.squadron_a, 5, chief, at + 31 * DAY).size == 5


@pytest.mark.usefixtures("little")
def test_the_bound_of_a_unit_holds_for_all_below_it_together(
    formation: Formation, chief: User, at: datetime
) -> None:
    take(formation.squadron_a, 10, chief, at)

    with pytest.raises(TooManyNumbers, match=formation.brigade.number):
        take(formation.squadron_b, 10, chief, at)


@pytest.mark.usefixtures("little")
def test_new_partner_units_bring_no_new_allowance(formation: Formation, chief: User, at: datetime) -> None:
    taken = 0
    for n in range(5):
        wanted = UnitIn(parent=formation.brigade.number, name=f"新队{n}", partner_kind="rescue")
        unit = create_unit(wanted=wanted, parent=formation.brigade, by=chief, at=at)
        try:
            taken += take(unit, 8, chief, at).size
        except TooManyNumbers:
            continue

    assert taken == 16  # fifteen, and one for the chief


def test_the_sample_takes_two_thousand_numbers_and_no_more(
    formation: Formation, chief: User, at: datetime
) -> None:
    """The leader of a township with three squadrons who asked for ten blocks of a thousand each got 33,012 indexes."""
    before = share_used(Series.LIFE)
    taken = 0
    for unit in (formation.brigade, formation.squadron_a, formation.squadron_b):
        for _ in range(10):
            try:
                taken += take(unit, 1_000, chief, at).size
            except (TooManyNumbers, TooManyBlocks):
                break

    assert taken == 2_000
    assert share_used(Series.LIFE) - before < 0.0004


# --- by the caller ------------------------------------------------------------------------------------------------


def test_a_caller_takes_ten_blocks_a_day_in_all_units_together(
    formation: Formation, chief: User, at: datetime
) -> None:
    units = [formation.squadron_a, formation.squadron_b]
    for n in range(10):
        take(units[n % 2], 1, chief, at)

    with pytest.raises(TooManyBlocks):
        take(formation.brigade, 1, chief, at)
    assert take(formation.brigade, 1, chief, at + DAY + timedelta(minutes=1)).size == 1


def test_a_caller_registers_so_many_walk_ins_a_day(
    formation: Formation, leader: User, chief: User, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    monkeypatch.setattr(number_bounds, "WALK_INS", 3)

    def register(by: User, when: datetime) -> Any:
        return register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=by, at=when)

    first = [register(leader, at) for _ in range(3)]
    with pytest.raises(TooManyNumbers):
        register(leader, at)

    assert register(chief, at).number
    assert register(leader, at + DAY + timedelta(minutes=1)).number
    known = WalkIn.objects.get(volunteer=first[0])
    again = register_walk_in(walk_in_id=known.pk, unit=formation.squadron_a, name="帮手", by=leader, at=at)
    assert again == first[0]  # a retry is no other walk-in


# --- by imports ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bring_in(
    formation: Formation, chief: User, imports_folder: None, tmp_path: Path, at: datetime
) -> Callable[..., Any]:
    def act(
        start: int, count: int, unit: Unit = formation.squadron_a, by: User | None = chief
    ) -> RosterImport:
        path = csv_file(tmp_path, [HEADINGS[:2], *people(count, start=start)], name=f"{uuid7()}.csv")
        return import_file(path, unit=unit, name="Autumn", by=by, at=at)

    return act


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let imports bring three people a month into a squadron, and five into a brigade."""
    monkeypatch.setattr(newcomer_bounds, "NEWCOMERS", {"squadron": 3, "brigade": 5})


@pytest.mark.usefixtures("few")
def test_imports_bring_in_so_many_a_month(bring_in: Callable[..., Any], formation: Formation) -> None:
    with pytest.raises(TooManyNumbers):
        bring_in(0, 4)
    assert bring_in(10, 3).status == "imported"
    with pytest.raises(TooManyNumbers):
        bring_in(20, 1)
    assert bring_in(30, 2, unit=formation.squadron_b).status == "imported"
    with pytest.raises(TooManyNumbers):  # the brigade's are used up
        bring_in(40, 1, unit=formation.squadron_b)


@pytest.mark.usefixtures("few")
def test_an_import_that_was_undone_has_used_its_numbers_up(
    bring_in: Callable[..., Any], chief: User, at: datetime
) -> None:
    from backend.rosters.services.import_worker import work_on
    from backend.rosters.services.imports import undo_import

    batch = bring_in(0, 3)
    undo_import(import_id=batch.pk, by=chief, at=at)
    assert work_on(batch.pk).status == "undone"

    with pytest.raises(TooManyNumbers):
        bring_in(10, 1)


@pytest.mark.usefixtures("few")
def test_the_command_line_brings_in_as_many_as_there_are(bring_in: Callable[..., Any]) -> None:
    assert bring_in(0, 10, by=None).status == "imported"


# --- alarms -------------------------------------------------------------------------------------------------------


@pytest.fixture
def half(db: None) -> None:
    """Have half of the numbers for life used up."""
    counter, _ = NumberCounter.objects.get_or_create(pk=Series.LIFE.value)
    NumberCounter.objects.filter(pk=counter.pk).update(used=counter.span.size // 2)


def alarms() -> tuple[int, list[str]]:
    answer = APIClient().get("/readyz")
    return answer.status_code, answer.json()["alarms"]


@pytest.mark.django_db(transaction=True)  # it is read by a connection of its own
def test_readiness_names_the_alarm_and_nobody_is_sent_away(request: pytest.FixtureRequest) -> None:
    assert alarms() == (200, [])
    request.getfixturevalue("half")
    assert alarms() == (200, ["numbers-life-half-used"])


@pytest.mark.django_db
def test_the_clock_warns(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert warn_of_numbers() == 0
        request.getfixturevalue("half")
        assert warn_of_numbers() == 1

    assert "50.0% of the volunteer numbers" in caplog.text


@pytest.mark.django_db
def test_the_metric_says_how_much_is_used(half: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "right-token"

    text = APIClient().get("/metrics", headers={"Authorization": "Bearer right-token"}).content.decode()

    assert 'muster_numbers_used_ratio{series="life"} 0.5' in text
    assert 'muster_numbers_used_ratio{series="temporary"} 0.0' in text


def test_operators_see_it_and_never_the_key(
    half: None, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    person = make_volunteer(formation.squadron_a)
    call_command("operator", f"{person.number:08d}", stdout=StringIO())
    client = page_of(User.objects.get(pk=person.user_id), at)

    listed = client.get("/operators/volunteers/numbercounter/").content.decode()
    shown = client.get(f"/operators/volunteers/numbercounter/{Series.LIFE.value}/change/").content.decode()

    assert "50.0%" in listed
    assert "50.0%" in shown
    key = bytes(NumberCounter.objects.get(pk=Series.LIFE.value).key)
    assert key.hex() not in listed + shown
    assert repr(key) not in listed + shown


def test_the_door_says_which_bound_it_was(
    little: None, formation: Formation, leader: User, client_of: Callable[[User], SignedInClient]
) -> None:
    answer = client_of(leader).post(
        f"/api/v1/units/{formation.squadron_a.number}/number-blocks",
        {"id": str(uuid7()), "size": 500},
        format="json",
    )

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-numbers")
    assert formation.squadron_a.number in answer.json()["detail"]
