"""A roster that comes again shows what differs: nothing is dropped, nothing is changed or deleted by itself."""

from datetime import date, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.rosters.models import Difference, RosterImport
from backend.rosters.queries.differences import Chosen, counts_of, differences_of
from backend.rosters.services import comparing
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import start_import
from backend.volunteers.models import AccessEntry, LookedAt, Membership, Skill, Standing, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.rosters.files import WHOLE, Again, csv_file, id_card, line, received, with_card

pytestmark = pytest.mark.usefixtures("imports_folder")


def found(batch: RosterImport) -> list[tuple[int | None, str, str, str]]:
    """Return row, kind, part and code of what differs, but for members who are not in the file."""
    rows = Difference.objects.filter(batch=batch).exclude(kind="gone").order_by("pk")
    return list(rows.values_list("row", "kind", "part", "code"))


# --- who is known -------------------------------------------------------------------------------------------------


def test_known_people_are_no_duplicates_and_nothing_differs(
    again: Again, person: Volunteer, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    other = make_volunteer(formation.squadron_b)

    new = ["新队员", "13900000001", "", formation.squadron_b.number, ""]
    batch = again(line(person, card=id_card()), line(other), new)

    assert (batch.accepted, batch.known, batch.duplicates, batch.rejected) == (1, 2, 0, 0)
    assert batch.rows_read == 3
    assert found(batch) == []
    assert not batch.report.exists()
    assert Volunteer.objects.filter(batch_id=batch.pk).count() == 1


def test_people_whom_the_importer_does_not_cover_stay_bounded_duplicates(
    again: Again, formation: Formation, make_volunteer: MakeVolunteer, leader: User
) -> None:
    known, other = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_c)

    batch = again(
        line(known, name="王别名"), line(other, name="别名", unit=""), by=leader, unit=formation.squadron_a
    )

    assert (batch.known, batch.duplicates) == (1, 1)
    assert [row.code for row in batch.report.all()] == ["phone-in-roster"]
    assert not Difference.objects.filter(volunteer=other).exists()
    looks = AccessEntry.objects.filter(viewer=leader, what=LookedAt.FOUND)
    assert [look.subject_id for look in looks] == [other.pk]


def test_rows_that_come_twice_in_the_file_are_duplicates_as_before(again: Again, person: Volunteer) -> None:
    batch = again(line(person), line(person, name="王秀兰"))

    assert (batch.known, batch.duplicates) == (1, 1)
    assert found(batch) == []


# --- what differs -------------------------------------------------------------------------------------------------


def test_name_phone_skills_and_unit_differ_each_by_itself(
    again: Again, person: Volunteer, formation: Formation, at: datetime
) -> None:
    for code in ("first-aid", "radio"):
        skill, _ = Skill.objects.get_or_create(code=code, defaults={"name": code})
    person.skills.add(skill)

    batch = again(
        line(
            person,
            name="王秀兰",
            phone="13900001111",
            card=id_card(),
            unit=formation.squadron_b.number,
            skills="first-aid",
        )
    )

    assert found(batch) == [
        (2, "changed", "name", ""),
        (2, "changed", "phone", ""),
        (2, "changed", "skills", ""),
        (2, "moved", "unit", ""),
    ]
    page = differences_of(batch, chosen=Chosen(), by=None, at=at)
    said = {str(item.part): (item.before, item.after) for item in page.items if item.kind != "gone"}
    assert said["name"] == ("王秀蓝", "王秀兰")
    assert said["phone"] == (f"138****{person.user.phone[-4:]}", "139****1111")
    assert said["skills"] == ("radio", "first-aid,radio")
    assert said["unit"][0].startswith("文溪社区 ")
    assert said["unit"][1].startswith("江滨社区 ")


def test_nothing_is_written_by_comparing_and_values_are_sealed(again: Again, person: Volunteer) -> None:
    before = (person.name, person.user.phone)

    batch = again(line(person, name="王秀兰", phone="13900001111", card=id_card()))

    person = Volunteer.objects.select_related("user").get(pk=person.pk)
    assert (person.name, person.user.phone) == before
    for row in batch.differences.exclude(kind="gone"):
        assert "秀" not in row.before_sealed + row.after_sealed
        assert "1390" not in row.after_sealed


def test_an_empty_cell_and_a_missing_skill_take_nothing_away(again: Again, person: Volunteer) -> None:
    person.skills.add(Skill.objects.get_or_create(code="radio", defaults={"name": "Radio"})[0])

    batch = again(line(person, phone="", card=id_card()))

    assert found(batch) == []


def test_a_row_without_a_unit_moves_nobody_out_of_a_unit_below(
    again: Again, person: Volunteer, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    elsewhere = make_volunteer(formation.squadron_c)

    batch = again(line(person, unit=""), line(elsewhere, unit=""))

    assert found(batch) == [(3, "moved", "unit", "")]


def test_a_second_unit_that_the_file_names_is_no_move(
    again: Again, person: Volunteer, formation: Formation
) -> None:
    Membership.objects.create(volunteer=person, unit=formation.squadron_b)

    assert found(again(line(person, unit=formation.squadron_b.number))) == []


def test_birth_and_card_are_never_written_and_no_value_of_them_is_kept(
    again: Again, person: Volunteer, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    other = make_volunteer(formation.squadron_a)
    other.born_on = None
    other.save()

    batch = again(line(other, card=id_card(order="003")))

    assert found(batch) == [(2, "needs_request", "born_on", ""), (2, "needs_request", "id_card", "")]
    assert {(row.before_sealed, row.after_sealed) for row in batch.differences.all()} == {("", "")}


def test_what_contradicts_itself_is_inconsistent(
    again: Again, person: Volunteer, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    second, third, fourth = (make_volunteer(formation.squadron_a, name=f"队员{n}") for n in "甲乙丙")
    with_card(third, id_card(order="005"))
    fifth = with_card(make_volunteer(formation.squadron_b), id_card(order="007"))
    retired = make_volunteer(formation.squadron_b)
    Volunteer.objects.filter(pk=retired.pk).update(standing=Standing.RETIRED)
    Volunteer.objects.filter(pk=fifth.pk).update(born_on=date(1981, 1, 31))

    grandmother = make_volunteer(formation.squadron_a, name="王秀兰")

    batch = again(
        line(person, phone=second.user.phone, card=id_card()),
        line(third, card=id_card(order="009")),
        line(fourth, name="赵钱孙"),
        line(fifth, card=id_card(order="007")),
        line(retired),
        line(grandmother, name="王小明"),
    )

    assert found(batch) == [
        (2, "inconsistent", "person", "phone-of-another"),
        (3, "inconsistent", "person", "another-card"),
        (4, "inconsistent", "person", "another-name"),
        (5, "inconsistent", "born_on", "born-on-against-card"),
        (6, "inconsistent", "person", "has-retired"),
        (7, "inconsistent", "person", "another-name"),  # of the family, and with her phone
    ]


def test_members_who_are_not_in_the_file_are_listed_and_stay(
    again: Again, person: Volunteer, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    gone = make_volunteer(formation.squadron_a)
    unnamed, retired = make_volunteer(formation.squadron_b), make_volunteer(formation.squadron_a)
    Volunteer.objects.filter(pk=retired.pk).update(standing=Standing.RETIRED)

    batch = again(line(person), ["新队员", "13900000001", "", formation.squadron_a.number, ""])

    listed = batch.differences.filter(kind="gone").values_list("volunteer", flat=True)
    assert list(listed) == [gone.pk]
    assert Membership.objects.filter(volunteer__in=[gone, unnamed], is_primary=True).count() == 2


def test_people_who_join_while_the_import_waits_are_compared_too(
    tmp_path: Path, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    path = csv_file(tmp_path, [WHOLE, ["王新成", "13800000001", "", formation.squadron_a.number, ""]])
    batch = work_on(received(path, formation, at).pk)
    assert (batch.status, batch.accepted) == ("checked", 1)
    joined = make_volunteer(formation.squadron_a, name="王旧成")
    assert joined.user.phone == "13800000001"

    start_import(import_id=batch.pk, skip_rejected=False, by=None, at=at)
    batch = work_on(batch.pk)

    assert (batch.status, batch.accepted, batch.known, batch.duplicates) == ("imported", 0, 1, 0)
    assert found(batch) == [(2, "changed", "name", "")]


# --- who sees them ------------------------------------------------------------------------------------------------


def test_a_leader_sees_those_of_people_in_units_that_the_leader_looks_after(
    again: Again,
    person: Volunteer,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    leader: User,
    commander: User,
    at: datetime,
) -> None:
    other = make_volunteer(formation.squadron_c)
    batch = again(line(person, name="王秀兰"), line(other, name="志愿队员", unit=""))

    def seen(user: User) -> set[int]:
        items = differences_of(batch, chosen=Chosen(), by=user, at=at).items
        return {int(item.volunteer) for item in items}

    assert {person.number, other.number} <= seen(commander)
    assert other.number not in seen(leader)
    assert person.number in seen(leader)


def test_lists_and_comparison_need_no_more_queries_for_more_people(
    again: Again, formation: Formation, make_volunteer: MakeVolunteer, commander: User, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(9)]
    lines = [
        line(person, name=f"志愿甲{n}", unit=formation.squadron_b.number) for n, person in enumerate(people)
    ]
    few, many = again(*lines[:3]), again(*lines)

    counted = []
    for batch in (few, many):
        with CaptureQueriesContext(connection) as queries:
            differences_of(batch, chosen=Chosen(), by=commander, at=at)
        counted.append(len(queries))

    assert counted[0] == counted[1]
    groups = {(str(group.kind), str(group.part)): group.count for group in counts_of(many, commander, at)}
    assert groups["moved", "unit"] == groups["changed", "name"] == 9


def test_differences_are_stored_portion_by_portion(
    again: Again, formation: Formation, make_volunteer: MakeVolunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "PORTION", 2)
    people = [make_volunteer(formation.squadron_a) for _ in range(5)]

    batch = again(*(line(person, name=f"志愿甲{n}") for n, person in enumerate(people)))

    assert [row for row, *_ in found(batch)] == [2, 3, 4, 5, 6]
