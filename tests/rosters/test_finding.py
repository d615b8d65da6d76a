"""Who is in the roster, by phone or identity card: bounded by caller and day, noted, and told."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db.models import F
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.services.phones import PhoneTaken
from backend.audit.models import Entry
from backend.joining.models import Application
from backend.joining.services.applications import approve_application
from backend.lib.encryption import lookup_key
from backend.numbers.queries.blocks import block_with_numbers
from backend.numbers.services.number_blocks import issue_block, register_from_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.realtime.models import Event
from backend.rosters.models import RosterImport
from backend.rosters.services.import_files import import_file
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import receive_import, start_import
from backend.volunteers import services
from backend.volunteers.models import AccessEntry, LookedAt, Role, Unit, UnitCount, Volunteer
from backend.volunteers.services import finding
from backend.volunteers.services.finding import TooManyFound, most_found
from tests.accounts.families import FAMILY, share
from tests.builders import ApplicationFactory
from tests.conftest import Formation, MakeVolunteer, Published, SignedInClient
from tests.pages import page_of
from tests.rosters.files import HEADINGS, csv_file, id_card, people

pytestmark = pytest.mark.usefixtures("imports_folder")

Import = Callable[..., RosterImport]


@pytest.fixture
def others(formation: Formation, make_volunteer: MakeVolunteer) -> list[Volunteer]:
    """Make four members of squadron C, whom nobody in squadron A's line but the commander covers."""
    return [make_volunteer(formation.squadron_c) for _ in range(4)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a caller find two people of other units in a day."""
    monkeypatch.setattr(finding, "MOST_FOUND", 2)


@pytest.fixture
def check(formation: Formation, leader: User, tmp_path: Path, at: datetime) -> Import:
    """Return what has squadron A's leader check a file, and undo it."""

    def act(lines: list[list[str]], by: User = leader, unit: Unit = formation.squadron_a) -> RosterImport:
        path = csv_file(tmp_path, lines, name=f"{uuid7()}.csv")
        return import_file(path, unit=unit, name="Autumn", by=by, at=at, dry_run=True)

    return act


def rows_of(found: list[Volunteer]) -> list[list[str]]:
    return [HEADINGS[:2], *([person.name, person.user.phone or ""] for person in found)]


def found_by(user: User) -> set[int]:
    return set(AccessEntry.objects.filter(viewer=user, what=LookedAt.FOUND).values_list("subject", flat=True))


# --- imports ------------------------------------------------------------------------------------------------------


def test_an_import_that_finds_people_of_another_unit_is_seen_by_them(
    check: Import, others: list[Volunteer], leader: User
) -> None:
    batch = check(rows_of(others[:2]))

    assert {row.code for row in batch.report.all()} == {"phone-in-roster"}
    assert found_by(leader) == {person.pk for person in others[:2]}


def test_a_phone_is_known_as_long_as_one_person_of_it_is_left(
    check: Import, others: list[Volunteer], leader: User
) -> None:
    first, *later = others[:3]
    share(first.user, *[person.user for person in later])
    first.user.phone = ""
    first.user.save()

    batch = check([HEADINGS[:2], ["新人", FAMILY]])

    assert [row.code for row in batch.report.all()] == ["phone-in-roster"]
    assert found_by(leader) == {person.pk for person in later}


def test_identity_cards_are_found_like_phones(check: Import, others: list[Volunteer], leader: User) -> None:
    card = id_card()
    Volunteer.objects.filter(pk=others[0].pk).update(
        id_card_sealed="sealed", id_card_key=lookup_key(card, "id_card")
    )

    batch = check([["姓名", "身份证号"], ["某人", card]])

    assert [row.code for row in batch.report.all()] == ["id-card-in-roster"]
    assert found_by(leader) == {others[0].pk}


def test_the_leaders_of_those_found_are_told_and_others_are_not(
    check: Import,
    others: list[Volunteer],
    leader: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    chief = make_volunteer(formation.squadron_c)
    services.appoint(volunteer=chief, unit=formation.squadron_c, role=Role.LEADER, by=None, at=at)

    check(rows_of(others[:3]))

    told = Event.objects.get(type="people.found")
    assert told.topic_id == formation.squadron_c.topic
    assert told.audience == {"numbers": [chief.number]}
    assert (told.data["people"], told.data["how"]) == (3, "import")
    assert told.data["by"] == f"{leader.volunteer.number:08d}"


def test_the_nearest_leader_above_is_told_where_a_unit_has_none(
    check: Import,
    others: list[Volunteer],
    commander: User,
    formation: Formation,
    published: Published,
) -> None:
    check(rows_of(others[:1]))

    assert [topic for topic, _, _ in published(type="people.found")] == [formation.detachment.topic]


def test_what_an_import_says_of_others_names_no_unit(
    check: Import, others: list[Volunteer], formation: Formation, client_of: Any, leader: User
) -> None:
    batch = check(rows_of(others[:1]))
    client = client_of(leader)

    said = [client.get(f"/api/v1/imports/{batch.pk}{part}").content.decode() for part in ("", "/rows")]

    for text in said:
        assert formation.squadron_c.number not in text
        assert formation.squadron_c.display_name not in text
        assert f"{others[0].number:08d}" not in text


@pytest.mark.usefixtures("few")
def test_people_whom_the_caller_covers_do_not_count(
    bring: Import, check: Import, formation: Formation, leader: User, tmp_path: Path
) -> None:
    """A roster of known people goes through however long it is, and is no look: they are the leader's own."""
    known = people(300)
    bring(csv_file(tmp_path, [HEADINGS[:2], *known]), unit=formation.squadron_a)

    batch = check([HEADINGS[:2], *known])

    assert (batch.status, batch.known, batch.duplicates, batch.failure) == ("undone", 300, 0, "")
    assert not found_by(leader)


@pytest.mark.usefixtures("few")
def test_an_import_that_finds_more_than_a_day_allows_is_given_up_and_answers_nothing(
    check: Import, others: list[Volunteer], leader: User
) -> None:
    batch = check(rows_of(others[:3]))

    assert (batch.status, batch.duplicates) == ("failed", 0)
    assert not batch.report.exists()
    assert "people of other units" in batch.failure
    assert found_by(leader) == {person.pk for person in others[:3]}
    assert Entry.objects.filter(act="people.found_too_many", by=leader).exists()


@pytest.mark.usefixtures("few")
def test_the_day_is_counted_over_all_imports_of_a_caller(
    check: Import, others: list[Volunteer], leader: User
) -> None:
    for one in others[:2]:
        assert check(rows_of([one])).duplicates == 1

    with pytest.raises(TooManyFound):
        check(rows_of([others[2]]))
    with pytest.raises(TooManyFound):
        check([HEADINGS[:2], ["新人", "13955550000"]])  # whether or not anybody is found


@pytest.mark.usefixtures("few")
def test_the_same_people_again_count_once_and_another_caller_counts_apart(
    check: Import, others: list[Volunteer], formation: Formation, sibling_leader: User
) -> None:
    for _ in range(3):
        assert check(rows_of(others[:1])).duplicates == 1

    assert check(rows_of(others[:2]), by=sibling_leader, unit=formation.squadron_b).duplicates == 2


@pytest.mark.usefixtures("few")
def test_the_next_day_counts_anew(check: Import, others: list[Volunteer], leader: User) -> None:
    check(rows_of(others[:2]))
    AccessEntry.objects.filter(viewer=leader).update(hour=F("hour") - timedelta(days=1))

    assert check(rows_of(others[2:])).duplicates == 2


@pytest.mark.usefixtures("few")
def test_who_joined_elsewhere_after_the_check_is_found_at_the_start_and_counts(
    bring: Import,
    others: list[Volunteer],
    leader: User,
    formation: Formation,
    tmp_path: Path,
    at: datetime,
) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(4)])
    batch = receive_import(
        id=uuid7(), unit=formation.squadron_a, name="x", path=path, file_name="x", by=leader, at=at
    )
    work_on(batch.pk)
    bring(csv_file(tmp_path, [HEADINGS[:2], *people(3)], name="b.csv"), unit=formation.squadron_c)
    start_import(import_id=batch.pk, skip_rejected=False, by=leader, at=at)

    assert work_on(batch.pk).status == "failed"
    assert len(found_by(leader)) == 3


@pytest.mark.usefixtures("few")
def test_the_command_line_is_not_bounded(bring: Import, others: list[Volunteer], tmp_path: Path) -> None:
    batch = bring(csv_file(tmp_path, rows_of(others)), dry_run=True)

    assert (batch.known, batch.duplicates) == (4, 0)
    assert not AccessEntry.objects.exists()


def test_longer_rosters_may_find_more(
    commander: User, leader: User, formation: Formation, at: datetime
) -> None:
    UnitCount.objects.filter(unit=formation.squadron_a).update(members=50_000)

    assert most_found(commander, at) == 500
    UnitCount.objects.filter(unit=formation.squadron_a).update(members=70)
    assert most_found(leader, at) == 100


def test_the_door_says_that_the_day_is_used_up(
    few: None,
    check: Import,
    others: list[Volunteer],
    leader: User,
    client_of: Any,
    formation: Formation,
    tmp_path: Path,
) -> None:
    check(rows_of(others[:2]))

    with csv_file(tmp_path, rows_of(others[2:])).open("rb") as file:
        answer = client_of(leader).post(
            f"/api/v1/units/{formation.squadron_a.number}/imports",
            {"id": str(uuid7()), "name": "Autumn", "file": file},
            format="multipart",
        )

    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-found")


# --- one by one ---------------------------------------------------------------------------------------------------


Register = Callable[[str], Any]


@pytest.fixture(params=["walk-in", "block", "application"])
def register(request: pytest.FixtureRequest, leader: User, formation: Formation, at: datetime) -> Register:
    """Return each way in which squadron A's leader registers a person with a phone."""
    unit = formation.squadron_a
    numbers: Iterator[int] = iter(())

    def walk_in(phone: str) -> Any:
        return register_walk_in(walk_in_id=uuid7(), unit=unit, name="某人", phone=phone, by=leader, at=at)

    def from_block(phone: str) -> Any:
        return register_from_block(
            number=next(numbers), unit=unit, name="某人", phone=phone, by=leader, at=at
        )

    def approve(phone: str) -> Any:
        Application.objects.all().delete()
        wanted = ApplicationFactory.create(unit=unit, phone=phone, at=at, password=make_password(None))
        return approve_application(application_id=wanted.pk, by=leader, at=at)

    if request.param == "block":
        block = issue_block(block_id=uuid7(), unit=unit, size=20, by=leader, at=at)
        numbers = iter([int(one.number) for one in block_with_numbers(unit, block.pk).numbers])
    return {"walk-in": walk_in, "block": from_block, "application": approve}[request.param]


def test_a_phone_of_another_unit_is_noted_and_told(
    register: Register, others: list[Volunteer], leader: User, commander: User, published: Published
) -> None:
    with pytest.raises(PhoneTaken):
        register(others[0].user.phone or "")

    assert found_by(leader) == {others[0].pk}
    assert [data["people"] for _, _, data in published(type="people.found")] == [1]


def test_a_phone_of_one_s_own_unit_is_no_look(register: Register, volunteer: User, leader: User) -> None:
    with pytest.raises(PhoneTaken):
        register(volunteer.phone or "")

    assert not found_by(leader)


@pytest.mark.usefixtures("few")
def test_after_as_many_as_a_day_allows_every_phone_is_refused_alike(
    register: Register, others: list[Volunteer], volunteer: User
) -> None:
    for one in others[:2]:
        with pytest.raises(PhoneTaken):
            register(one.user.phone or "")

    for phone in (others[2].user.phone, "13955550000"):
        with pytest.raises(TooManyFound):
            register(phone or "")
    for phone in (others[0].user.phone, volunteer.phone):  # of these the caller learns nothing new
        with pytest.raises(PhoneTaken):
            register(phone or "")


@pytest.mark.usefixtures("few")
def test_people_without_a_phone_are_registered_all_the_same(
    others: list[Volunteer], leader: User, formation: Formation, at: datetime
) -> None:
    for one in others[:2]:
        with pytest.raises(PhoneTaken):
            register_walk_in(
                walk_in_id=uuid7(),
                unit=formation.squadron_a,
                name="x",
                phone=one.user.phone or "",
                by=leader,
                at=at,
            )

    person = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    assert person.memberships.get().unit == formation.squadron_a


def test_the_look_outlives_the_refusal_at_every_door(
    client_of: Callable[[User], SignedInClient],
    others: list[Volunteer],
    leader: User,
    formation: Formation,
    at: datetime,
) -> None:
    unit = formation.squadron_a.number
    wanted = {"name": "某人", "phone": others[0].user.phone}
    answer = client_of(leader).post(
        f"/api/v1/units/{unit}/walk-ins", {"id": str(uuid7()), **wanted}, format="json"
    )
    assert answer.status_code == 409
    assert found_by(leader) == {others[0].pk}

    form = {"id": str(uuid7()), "unit": unit, "name": "某人", "phone": others[1].user.phone}
    assert page_of(leader, at).post("/numbers/walk-ins/", form).status_code == 422
    assert found_by(leader) == {others[0].pk, others[1].pk}


def test_a_dispatcher_finds_no_more_than_a_leader(
    few: None,
    others: list[Volunteer],
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    refused = []
    for one in others:
        with pytest.raises((PhoneTaken, TooManyFound)) as caught:
            register_walk_in(
                walk_in_id=uuid7(),
                unit=formation.squadron_a,
                name="某人",
                phone=one.user.phone or "",
                by=dispatcher.user,
                at=at,
            )
        refused.append(caught.type)
    assert refused == [PhoneTaken, PhoneTaken, TooManyFound, TooManyFound]
