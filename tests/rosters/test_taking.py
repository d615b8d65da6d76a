"""Differences of a roster that came again are taken over once each, never over what was changed since, and undone."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.corrections.models import Correction
from backend.corrections.queries import phone_is_trusted
from backend.joining.models import Transfer
from backend.lib.errors import NotFound
from backend.privacy.models import RetentionRun
from backend.privacy.services.own_data import erase_person
from backend.rosters.due import forget_undecided_differences
from backend.rosters.models import Difference, RosterImport
from backend.rosters.queries.differences import Chosen
from backend.rosters.services import differences
from backend.rosters.services.differences import forget_undecided, leave_differences, take_differences
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import ImportNotReady, undo_import
from backend.volunteers.models import Membership, Role, Volunteer
from backend.volunteers.services.finding import TooManyFound
from backend.volunteers.services.people import appoint
from tests.conftest import Formation, MakeVolunteer, Published, Race
from tests.rosters.files import Again, csv_file, id_card, line, received, with_card

pytestmark = pytest.mark.usefixtures("imports_folder")

NEW = "13900001111"


def take(batch: RosterImport, by: User | None, at: datetime, **chosen: Any) -> differences.Decided:
    return take_differences(import_id=batch.pk, chosen=Chosen(**chosen), by=by, at=at)


def now_of(person: Volunteer) -> Volunteer:
    return Volunteer.objects.select_related("user").get(pk=person.pk)


def unit_of(person: Volunteer) -> int:
    return Membership.objects.get(volunteer=person, is_primary=True).unit_id


@pytest.fixture
def changed(again: Again, person: Volunteer, formation: Formation) -> RosterImport:
    """Bring in a roster with another name, phone, skill and unit of the person."""
    return again(
        line(
            person,
            name="王秀兰",
            phone=NEW,
            card=id_card(),
            unit=formation.squadron_b.number,
            skills="first-aid",
        )
    )


# --- taking -------------------------------------------------------------------------------------------------------


def test_everything_is_taken_the_person_is_told_and_the_phone_opens_nothing_soon(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    formation: Formation,
    published: Published,
    at: datetime,
) -> None:
    done = take(changed, commander, at)

    assert (done.taken, done.overtaken, done.refused, done.next) == (4, 0, 0, None)
    after = now_of(person)
    assert (after.name, after.user.phone) == ("王秀兰", NEW)
    assert list(after.skills.values_list("code", flat=True)) == ["first-aid"]
    assert unit_of(person) == formation.squadron_b.pk
    assert Membership.objects.get(volunteer=person).name == "王秀兰"
    told = [data["part"] for _, _, data in published(person.topic, "record.corrected")]
    assert sorted(told) == ["name", "phone", "skills"]
    assert not phone_is_trusted(after, at)
    assert phone_is_trusted(after, at + timedelta(days=30))
    assert set(Correction.objects.values_list("by", flat=True)) == {commander.pk}
    assert Transfer.objects.get().status == "done"
    recorded = Entry.objects.get(act="roster.differences-taken")
    assert (recorded.by, recorded.details) == (commander, {"differences": 4, "overtaken": 0})


def test_a_second_time_changes_nothing(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    first = changed.differences.get(part="name").pk
    take(changed, commander, at, id=first)

    again_ = take(changed, commander, at, id=first)
    everything = take(changed, commander, at)

    assert (again_.taken, everything.taken) == (0, 3)
    assert Correction.objects.filter(part="name").count() == 1


def test_one_column_is_taken_and_the_others_stay_open(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    assert take(changed, commander, at, part="phone").taken == 1

    after = now_of(person)
    assert (after.name, after.user.phone) == ("王秀蓝", NEW)
    assert changed.differences.open().count() == 3


def test_what_is_left_is_passed_over_by_all_and_can_be_taken_singly(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    name = changed.differences.get(part="name").pk
    left = leave_differences(import_id=changed.pk, chosen=Chosen(id=name), by=commander, at=at)
    assert left.left == 1

    assert take(changed, commander, at).taken == 3
    assert now_of(person).name == "王秀蓝"
    assert take(changed, commander, at, id=name).taken == 1
    assert now_of(person).name == "王秀兰"


def test_what_was_changed_since_the_file_was_read_is_not_overwritten(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    formation: Formation,
    at: datetime,
) -> None:
    Volunteer.objects.filter(pk=person.pk).update(name="王秀珍")
    User.objects.get(pk=person.user_id)
    Membership.objects.filter(volunteer=person).update(unit=formation.other_brigade)

    done = take(changed, commander, at)

    assert (done.taken, done.overtaken) == (2, 2)
    assert now_of(person).name == "王秀珍"
    assert unit_of(person) == formation.other_brigade.pk
    states = dict(changed.differences.exclude(kind="gone").values_list("part", "state"))
    assert states == {"name": "overtaken", "unit": "overtaken", "phone": "taken", "skills": "taken"}


def test_a_phone_that_another_person_has_by_now_is_not_taken(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    other = make_volunteer(formation.squadron_b)
    other.user.phone = NEW
    other.user.save()

    assert take(changed, commander, at, part="phone").overtaken == 1
    assert now_of(person).user.phone != NEW


def test_a_new_phone_that_finds_a_person_of_another_unit_is_counted(
    again: Again,
    person: Volunteer,
    leader: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    monkeypatch: pytest.MonkeyPatch,
    at: datetime,
) -> None:
    batch = again(line(person, phone=NEW, card=id_card(), unit=""), by=leader, unit=formation.squadron_a)
    other = make_volunteer(formation.squadron_c)
    other.user.phone = NEW
    other.user.save()
    monkeypatch.setattr("backend.volunteers.services.finding.MOST_FOUND", 0)

    with pytest.raises(TooManyFound):
        take(batch, leader, at)

    assert other.looks.filter(viewer=leader, what="found").exists()
    assert batch.differences.open().count() == 1


# --- who may ------------------------------------------------------------------------------------------------------


def test_nobody_but_those_who_look_after_the_unit_takes_anything(
    changed: RosterImport, leader: User, volunteer: User, stranger: User, sibling_leader: User, at: datetime
) -> None:
    for caller in (leader, volunteer, stranger, sibling_leader):
        with pytest.raises(NotFound):
            take(changed, caller, at, id=changed.differences.get(part="name").pk)
    assert not Correction.objects.exists()


def test_people_whose_posts_are_above_the_leaders_are_refused_and_the_rest_is_taken(
    again: Again,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    chief, plain = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    deputy = make_volunteer(formation.squadron_a)
    appoint(volunteer=chief, unit=formation.detachment, role=Role.COMMANDER, by=None, at=at)
    appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)
    for n, one in enumerate((chief, plain, deputy)):
        with_card(one, id_card(order=f"01{2 * n}"))
    batch = again(
        *(
            line(one, phone=f"1390000222{n}", card=id_card(order=f"01{2 * n}"), unit="")
            for n, one in enumerate((chief, plain, deputy))
        ),
        unit=formation.squadron_a,
    )

    done = take(batch, deputy.user, at)

    # The deputy changes neither the commander's phone nor their own.
    assert (done.taken, done.refused) == (1, 2)
    assert [now_of(one).user.phone[:3] for one in (chief, plain, deputy)] == ["138", "139", "138"]


def test_differences_wait_for_the_import_to_be_started(
    tmp_path: Path,
    person: Volunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    path = csv_file(tmp_path, [["姓名", "手机"], ["王秀兰", person.user.phone]])
    batch = work_on(received(path, formation, at).pk)

    with pytest.raises(ImportNotReady):
        take(batch, commander, at)


def test_new_people_can_be_left_out(
    again: Again,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    batch = again(line(person, name="王秀兰"), ["新队员", "13900000001", "", "", ""], skip_new=True)

    assert (batch.status, batch.accepted, batch.known) == ("imported", 0, 1)
    assert not Volunteer.objects.filter(batch_id=batch.pk).exists()
    assert take(batch, commander, at).taken == 1


# --- many, and at once --------------------------------------------------------------------------------------------


@pytest.fixture
def many(
    again: Again,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    monkeypatch: pytest.MonkeyPatch,
) -> RosterImport:
    """Bring in a roster with other names of seven people, three of them in another unit; portions are small."""
    monkeypatch.setattr(differences, "MOST", 4)
    monkeypatch.setattr(differences, "MOST_MOVES", 2)
    people = [make_volunteer(formation.squadron_a) for _ in range(7)]
    other = formation.squadron_b.number
    return again(
        *(line(one, name=f"志愿甲{n}", **({"unit": other} if n < 3 else {})) for n, one in enumerate(people))
    )


def test_many_are_taken_portion_by_portion_to_the_end(
    many: RosterImport, commander: User, at: datetime
) -> None:
    portions: list[int] = []
    after: int | None = 0
    while after is not None:
        done = take_differences(import_id=many.pk, chosen=Chosen(), by=commander, at=at, after=after)
        portions.append(done.taken)
        after = done.next

    assert sum(portions) == 10
    assert max(portions) <= 4
    assert not many.differences.open().exists()


@pytest.mark.postgres
def test_two_leaders_at_once_take_each_difference_once(
    race: Race,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    again: Again,
    commander: User,
    at: datetime,
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(5)]
    second = make_volunteer(formation.detachment)
    appoint(volunteer=second, unit=formation.detachment, role=Role.DEPUTY, by=None, at=at)
    other = formation.squadron_b.number
    batch = again(*(line(one, name=f"志愿甲{n}", unit=other) for n, one in enumerate(people)))

    done = race(*(partial(take, batch, by, at) for by in (commander, second.user, commander, second.user)))

    assert sum(one.taken for one in done) == 10
    assert Correction.objects.count() == 5
    assert Transfer.objects.count() == 5
    assert set(Transfer.objects.values_list("status", flat=True)) == {"done"}


# --- undo ---------------------------------------------------------------------------------------------------------


def test_undo_restores_what_is_still_as_it_was_taken(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    formation: Formation,
    published: Published,
    at: datetime,
) -> None:
    phone = person.user.phone
    take(changed, commander, at)

    undo_import(import_id=changed.pk, by=commander, at=at)
    batch = work_on(changed.pk)

    assert batch.status == "undone"
    after = now_of(person)
    assert (after.name, after.user.phone) == ("王秀蓝", phone)
    assert not after.skills.exists()
    assert unit_of(person) == formation.squadron_a.pk
    assert set(batch.differences.exclude(kind="gone").values_list("state", flat=True)) == {"undone"}
    assert not Correction.objects.standing().exists()


def test_undo_leaves_what_was_changed_after_it_was_taken(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    take(changed, commander, at)
    Volunteer.objects.filter(pk=person.pk).update(name="王秀珍")

    undo_import(import_id=changed.pk, by=commander, at=at)
    batch = work_on(changed.pk)

    assert batch.status == "undone"
    assert now_of(person).name == "王秀珍"
    states = dict(batch.differences.exclude(kind="gone").values_list("part", "state"))
    assert states == {"name": "taken", "phone": "undone", "skills": "undone", "unit": "undone"}


def test_a_move_from_a_unit_of_others_is_proposed_to_them_and_withdrawn_by_undo(
    again: Again, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    head, mover = make_volunteer(formation.brigade), make_volunteer(formation.squadron_c)
    appoint(volunteer=head, unit=formation.brigade, role=Role.LEADER, by=None, at=at)
    Membership.objects.create(volunteer=mover, unit=formation.squadron_b)
    batch = again(line(mover, unit=formation.squadron_a.number))

    assert take(batch, head.user, at, part="unit").taken == 1
    assert (Transfer.objects.get().status, unit_of(mover)) == ("proposed", formation.squadron_c.pk)

    undo_import(import_id=batch.pk, by=head.user, at=at)
    assert work_on(batch.pk).status == "undone"
    assert Transfer.objects.get().status == "withdrawn"
    assert batch.differences.get(part="unit").state == "undone"


def test_undo_that_is_broken_off_goes_on(
    many: RosterImport, commander: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        take(many, commander, at)
    names = set(Volunteer.objects.filter(name__startswith="志愿甲").values_list("pk", flat=True))
    assert len(names) == 7
    undo_import(import_id=many.pk, by=commander, at=at)
    restore, calls = differences._restore_changes, []

    def dies(*arguments: Any) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return restore(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(differences, "_restore_changes", dies)
        with pytest.raises(KeyboardInterrupt):
            work_on(many.pk)
    assert Volunteer.objects.filter(name__startswith="志愿甲").count() in range(1, 7)

    assert work_on(many.pk).status == "undone"
    assert not Volunteer.objects.filter(name__startswith="志愿甲").exists()


# --- what ends ----------------------------------------------------------------------------------------------------


def test_what_nobody_took_is_forgotten_after_a_week_and_what_was_taken_can_be_undone(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    take(changed, commander, at, part="name")
    finished = RosterImport.objects.get(pk=changed.pk).finished_at
    assert finished is not None

    assert forget_undecided(at=finished + timedelta(days=6)) == 0
    late = finished + timedelta(days=8)
    assert forget_undecided_differences(at=late) >= 3
    assert RetentionRun.objects.get(kind="roster differences not taken over").deleted >= 3

    assert [row.part for row in changed.differences.all()] == ["name"]
    undo_import(import_id=changed.pk, by=commander, at=at)
    work_on(changed.pk)
    assert now_of(person).name == "王秀蓝"


def test_differences_go_with_a_check_that_is_discarded(
    tmp_path: Path,
    person: Volunteer,
    formation: Formation,
    at: datetime,
) -> None:
    path = csv_file(tmp_path, [["姓名", "手机"], ["王秀兰", person.user.phone]])
    batch = work_on(received(path, formation, at).pk)
    assert batch.differences.exists()

    undo_import(import_id=batch.pk, by=None, at=at)

    assert not Difference.objects.exists()


def test_nothing_is_kept_of_a_person_who_deletes_everything(
    changed: RosterImport,
    person: Volunteer,
    commander: User,
    at: datetime,
) -> None:
    take(changed, commander, at, part="name")

    erase_person(by=person.user, at=at)

    assert not Difference.objects.filter(volunteer=person).exists()
    assert take(changed, commander, at).taken == 0


def test_an_import_can_be_undone_although_a_later_file_spoke_of_its_people(
    again: Again,
    formation: Formation,
    at: datetime,
) -> None:
    first = again(["王新", "13900000001", "", formation.squadron_a.number, ""])
    second = again(["王旧", "13900000001", "", formation.squadron_a.number, ""])
    assert second.differences.count() == 1

    undo_import(import_id=first.pk, by=None, at=at)

    assert work_on(first.pk).status == "undone"
    assert not second.differences.exists()


# --- the command line ---------------------------------------------------------------------------------------------


def test_an_operator_takes_columns_over_on_the_command_line(
    changed: RosterImport,
    person: Volunteer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("import_roster", "--take", str(changed.pk), "--part", "name")
    assert "1 taken over, 0 changed since" in capsys.readouterr().out
    assert now_of(person).user.phone != NEW

    call_command("import_roster", "--take", str(changed.pk))

    assert "2 taken over" in capsys.readouterr().out
    assert now_of(person).user.phone == NEW
    assert set(Correction.objects.values_list("by", flat=True)) == {None}
    assert changed.differences.open().get().kind == "moved"
