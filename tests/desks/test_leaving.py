"""People leave the plans of desks: who retires, is erased or merged, or goes to another unit; desks end with units."""

from collections.abc import Callable
from datetime import datetime

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.desks.models import Desk, HandOver, Shift
from backend.desks.queries.desks import desk_out
from backend.desks.services.shifts import add_shift
from backend.lib.errors import Invalid
from backend.lib.made import Made
from backend.privacy.queries import export_of
from backend.privacy.services.own_data import erase_person
from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.schemas.formation import SplitIn
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.standing import retire, suspend
from backend.volunteers.services.units import merge_units, split_unit
from tests.conftest import Formation, MakeVolunteer, Published, Race
from tests.desks.plans import HOUR, number, once, planned, wanted, weekly
from tests.desks.test_nights import told, written
from tests.desks.test_plans import DAY, local, on_desk

Leave = Callable[[Volunteer, User, datetime], object]
WAYS: dict[str, Leave] = {
    "retired": lambda person, by, at: retire(number=number(person), by=by, at=at),
    "erased": lambda person, by, at: erase_person(by=person.user, at=at),
    "left": lambda person, by, at: leave_unit(
        number=number(person), unit=person.memberships.get().unit, by=by, at=at
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_goes_leaves_the_plan_and_the_gap_is_said(
    unit: Unit, chief: User, first: Volunteer, published: Published, at: datetime, way: str
) -> None:
    planned(unit, chief, at, first, **once(at, at + HOUR))
    planned(unit, chief, at, first, **weekly(2, "20:00", "07:00"))
    before = len(published(unit.topic, "desk.changed"))

    WAYS[way](first, chief, at)

    assert not Shift.objects.exists()
    hours = [(at, at + HOUR), (local(4, 20), local(5, 7)), (local(11, 20), local(12, 7))]
    assert told(published) == [(chief.volunteer.topic, "left", [(written(a), written(b)) for a, b in hours])]
    assert len(published(unit.topic, "desk.changed")) == before + 1
    lines = Entry.objects.filter(act="shift.left")
    assert {(line.details["unit"], line.details["cause"]) for line in lines} <= {
        (unit.number, "left"),
        (unit.number, way),
    }
    assert lines.count() == 2


@pytest.mark.parametrize("way", WAYS)
def test_a_deputy_goes_on_in_the_place_of_the_first_and_no_gap_is_said(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, published: Published, at: datetime, way: str
) -> None:
    planned(unit, chief, at, first, second, **once(at, at + HOUR))

    WAYS[way](first, chief, at)

    shift = Shift.objects.get()
    assert (shift.volunteer, shift.deputy, on_desk(unit, at)) == (second, None, "值班乙")
    assert told(published) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_deputy_who_goes_leaves_the_first_person_alone(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, published: Published, at: datetime, way: str
) -> None:
    planned(unit, chief, at, first, second, **once(at, at + HOUR))

    WAYS[way](second, chief, at)

    shift = Shift.objects.get()
    assert (shift.volunteer, shift.deputy) == (first, None)
    assert told(published) == []


def test_who_belongs_to_another_unit_of_the_subtree_stays(
    unit: Unit, formation: Formation, chief: User, first: Volunteer, at: datetime
) -> None:
    Membership.objects.create(volunteer=first, unit=formation.squadron_b, seat=9)
    planned(unit, chief, at, first, **once(at, at + HOUR))

    leave_unit(number=number(first), unit=formation.squadron_a, by=chief, at=at)

    assert on_desk(unit, at) == "值班甲"


def test_one_who_is_suspended_and_leaves_the_unit_leaves_the_plan(
    unit: Unit, formation: Formation, chief: User, first: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, **once(at, at + HOUR))
    suspend(number=number(first), reason="rest", by=chief, at=at)
    assert (Shift.objects.count(), on_desk(unit, at)) == (1, None)

    leave_unit(number=number(first), unit=formation.squadron_a, by=chief, at=at)

    assert not Shift.objects.exists()


def test_what_was_over_is_not_said_and_is_kept_unless_the_person_is_erased(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, published: Published, at: datetime
) -> None:
    for n, person in enumerate((first, second)):
        planned(unit, chief, at, person, **once(at + n * HOUR, at + (n + 1) * HOUR))
    later = at + 3 * HOUR

    retire(number=number(first), by=chief, at=later)
    assert Shift.objects.count() == 2
    erase_person(by=second.user, at=later)

    assert [shift.volunteer for shift in Shift.objects.all()] == [first]
    assert told(published) == []


def test_a_record_that_is_merged_hands_on_its_shifts_and_hand_overs(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    third = make_volunteer(unit)
    planned(unit, chief, at, first, second, **once(at, at + HOUR))
    planned(unit, chief, at, second, third, **once(at + HOUR, at + 2 * HOUR))
    planned(unit, chief, at, third, second, **once(at + 2 * HOUR, at + 3 * HOUR))
    both = {"matters": [], "unit": unit, "given_at": at, "taken_at": at}
    HandOver.objects.create(pk=uuid7(), given_by=second, taken_by=first, **both)
    HandOver.objects.create(pk=uuid7(), given_by=third, taken_by=second, **both)
    Volunteer.objects.filter(pk=second.pk).update(born_on=None)

    merge_volunteers(kept=first.number, duplicate=second.number, by=chief, at=at)

    people = Shift.objects.order_by("from_at").values_list("volunteer", "deputy")
    assert list(people) == [(first.pk, None), (first.pk, third.pk), (third.pk, first.pk)]
    signed = HandOver.objects.order_by("pk").values_list("given_by", "taken_by", "taken_at")
    assert list(signed) == [(first.pk, None, None), (third.pk, first.pk, at)]


def test_a_desk_ends_with_its_unit_and_the_successor_keeps_its_own(
    formation: Formation, unit: Unit, chief: User, commander: User, first: Volunteer, at: datetime
) -> None:
    Desk.objects.create(unit=formation.other_brigade, phone="057911112222", made_at=at)
    planned(unit, chief, at, first, **once(at, at + HOUR))

    merge_units(unit=unit, successor=formation.other_brigade, by=commander, at=at)

    assert [desk.unit for desk in Desk.objects.all()] == [formation.other_brigade]
    assert not Shift.objects.exists()
    assert Entry.objects.get(act="desk.ended").details["shifts"] == 1


def test_who_is_split_off_leaves_the_plan_of_the_unit(
    formation: Formation,
    unit: Unit,
    chief: User,
    commander: User,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    goes, stays = (make_volunteer(unit, name=name) for name in ("去", "留"))
    planned(unit, chief, at, goes, **once(at, at + HOUR))
    planned(unit, chief, at, stays, **once(at + HOUR, at + 2 * HOUR))

    wanted = SplitIn.model_validate({"name": "新大队", "members": [number(goes)]})
    split_unit(unit=unit, wanted=wanted, by=commander, at=at)

    assert [shift.volunteer.name for shift in Shift.objects.all()] == ["留"]


def test_what_is_kept_stands_in_the_export(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, second, **once(at, at + HOUR))
    HandOver.objects.create(pk=uuid7(), unit=unit, given_by=first, given_at=at, matters=["路灯"])

    kept = [export_of(one.user, at=at)["desks"] for one in (first, second)]

    assert [len(one["shifts"]) for one in kept] == [1, 1]  # type: ignore[call-overload, arg-type, index]
    assert [one["matters"] for one in kept[0]["hand_overs_given"]] == [["路灯"]]  # type: ignore[call-overload, index, union-attr]


def test_a_hand_over_stays_without_the_name_of_an_erased_person(
    unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    HandOver.objects.create(pk=uuid7(), unit=unit, given_by=first, given_at=at, matters=["路灯"])

    erased = erase_person(by=first.user, at=at + DAY)

    (shown,) = desk_out(unit, at=at + DAY).open_hand_overs
    assert (shown.matters, shown.given_name) == (["路灯"], "")
    assert "What you handed over at a duty desk, for a year, without your name." in erased.kept


@pytest.mark.postgres
def test_who_retires_while_a_shift_is_planned_stands_in_no_plan(
    race: Race, unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    body = wanted(first, **once(at + HOUR, at + 2 * HOUR))

    added, retired = race(
        lambda: add_shift(unit=unit, wanted=body, by=chief, at=at),
        lambda: retire(number=number(first), by=chief, at=at),
    )

    assert isinstance(retired, Volunteer)
    assert isinstance(added, Made | Invalid)
    assert not Shift.objects.exists()
