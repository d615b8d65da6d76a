"""Who answers for a unit: the desk, its deputy, the leader, the unit above, and so on up."""

from datetime import datetime
from typing import Any

import pytest

from backend.accounts.models import User
from backend.desks.models import Desk
from backend.desks.queries.desks import desk_out
from backend.desks.queries.officers import duty_officer
from backend.volunteers import services
from backend.volunteers.models import Post, Role, Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer, posted
from tests.desks.conftest import PHONE
from tests.desks.plans import HOUR, once, planned


def found(unit: Unit, at: datetime) -> tuple[str, str, str, str] | None:
    """Return name, phone, rung and unit of the officer."""
    officer = duty_officer(unit, at)
    if officer is None:
        return None
    return officer.person.name, officer.phone, str(officer.rung), officer.unit.display_name


def suspend(*people: Volunteer) -> None:
    Volunteer.objects.filter(pk__in=[one.pk for one in people]).update(standing="suspended")


def test_the_officer_is_found_rung_by_rung(
    formation: Formation,
    unit: Unit,
    chief: User,
    commander: User,
    first: Volunteer,
    second: Volunteer,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    dispatcher = posted(make_volunteer(unit, name="调度员"), Role.DISPATCHER, at).volunteer
    planned(unit, chief, at, first, second, **once(at, at + HOUR))
    own = chief.volunteer

    assert found(unit, at) == ("值班甲", PHONE, "desk", "浦阳街道")
    suspend(first)
    assert found(unit, at) == ("值班乙", PHONE, "desk_deputy", "浦阳街道")
    suspend(second)
    assert found(unit, at) == ("大队长", own.user.phone, "leader", "浦阳街道")
    suspend(own)
    assert found(unit, at) == ("调度员", dispatcher.user.phone, "post", "浦阳街道")
    suspend(dispatcher)
    assert found(unit, at) == ("指挥员", commander.phone, "post", "浦江县")
    Desk.objects.create(unit=formation.detachment, phone="057911112222", made_at=at)
    above = make_volunteer(formation.detachment, name="支队值班")
    planned(formation.detachment, commander, at, above, **once(at, at + HOUR))
    assert found(unit, at) == ("支队值班", "057911112222", "desk", "浦江县")
    suspend(above, commander.volunteer)
    assert found(unit, at) is None


def test_the_officer_changes_when_the_turn_ends(
    unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, **once(at, at + HOUR))

    rungs = [str(officer.rung) for n in range(2) if (officer := duty_officer(unit, at + n * HOUR))]

    assert rungs == ["desk", "leader"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.DISPATCHER, Role.LEADER])
def test_one_post_anywhere_in_the_force_is_enough(
    formation: Formation, make_volunteer: MakeVolunteer, at: datetime, role: Role
) -> None:
    person = make_volunteer(formation.squadron_c, name="唯一")
    services.appoint(volunteer=person, unit=formation.squadron_c, role=role, by=None, at=at)

    for unit in (formation.squadron_a, formation.headquarters, formation.other_brigade):
        assert found(unit, at) == ("唯一", person.user.phone, "force", "桂花明堂村")
    assert found(formation.squadron_a, at - HOUR) is None


def test_the_highest_post_of_the_force_comes_first(
    formation: Formation, leader: User, sibling_leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    posted(make_volunteer(formation.squadron_c, name="副队长"), Role.DEPUTY, at)
    Post.objects.filter(volunteer=sibling_leader.volunteer).update(role=Role.COMMANDER)

    assert found(formation.other_brigade, at) == ("队长乙", sibling_leader.phone, "force", "江滨社区")


def test_a_retired_unit_is_asked_as_its_successor(
    formation: Formation, leader: User, sibling_leader: User, at: datetime
) -> None:
    gone = formation.squadron_a
    gone.save(update_fields=gone.retire(at=at, successor=formation.squadron_b))

    assert found(gone, at) == ("队长乙", sibling_leader.phone, "leader", "江滨社区")


def test_callers_are_told_the_telephone_of_a_desk_and_no_persons_own(
    formation: Formation, unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    def told(of: Unit) -> Any:
        officer = desk_out(of, at=at).officer
        return officer and (officer.name, officer.rung, officer.phone, officer.unit)

    assert told(formation.squadron_a) == ("大队长", "leader", None, unit.number)
    planned(unit, chief, at, first, **once(at, at + HOUR))
    assert told(formation.squadron_a) == ("值班甲", "desk", PHONE, unit.number)
