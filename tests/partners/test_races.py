"""A partner that closes while others make units below it, choose, or appoint: real threads on PostgreSQL."""

from datetime import datetime

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import NotFound
from backend.partners.models import Shares, Sharing
from backend.partners.schemas import SharingIn
from backend.partners.services import choose_sharing
from backend.volunteers.models import Post, Role, Unit, UnitKind
from backend.volunteers.schemas.formation import UnitIn
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.posts import give_post
from backend.volunteers.services.units import create_unit
from tests.conftest import Formation, MakeVolunteer, Race, posted

pytestmark = pytest.mark.postgres


def make(parent: Unit, by: User, at: datetime, name: str = "公司") -> Unit:
    wanted = UnitIn(parent=parent.number, name=name, partner_kind="company")
    return create_unit(wanted=wanted, parent=parent, by=by, at=at)


@pytest.fixture
def company(race: Race, formation: Formation, commander: User, at: datetime) -> Unit:
    """Make a partner's unit below the county, without a leader yet; it may have units below."""
    return make(formation.detachment, commander, at)


@pytest.mark.parametrize("turn", range(3))
def test_units_made_while_it_closes_are_closed_with_it(
    race: Race, company: Unit, make_volunteer: MakeVolunteer, at: datetime, turn: int
) -> None:
    head = posted(make_volunteer(company, on_duty=False), Role.LEADER, at)
    choose_sharing(unit=company, wanted=SharingIn(shares=Shares.ALL), by=head, at=at)
    company.refresh_from_db()
    close = SharingIn(shares=Shares.CONTACT)

    results = race(
        lambda: choose_sharing(unit=company, wanted=close, by=head, at=at),
        lambda: make(company, head, at, "一班"),
        lambda: make(company, head, at, "二班"),
    )

    assert [one for one in results if isinstance(one, Exception)] == []
    depths = Unit.objects.filter(kind=UnitKind.PARTNER).values_list("closed_depth", flat=True)
    assert list(depths) == [company.depth] * 3


def test_units_made_while_its_first_leader_is_appointed_are_closed_with_it(
    race: Race, company: Unit, commander: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    head = make_volunteer(company, on_duty=False)
    lead = PostIn.model_validate({"volunteer": f"{head.number:08d}", "role": "leader"})

    race(
        lambda: give_post(unit=company, wanted=lead, by=commander, at=at),
        lambda: make(company, commander, at, "一班"),
        lambda: make(company, commander, at, "二班"),
    )

    units = Unit.objects.filter(kind=UnitKind.PARTNER)
    assert set(units.values_list("closed_depth", flat=True)) == {company.depth}


def test_two_first_leaders_at_once_leave_one_and_one_row(
    race: Race, company: Unit, commander: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    people = [make_volunteer(company, on_duty=False) for _ in range(2)]
    wanted = [
        PostIn.model_validate({"volunteer": f"{person.number:08d}", "role": "leader"}) for person in people
    ]

    results = race(
        *(lambda one=one: give_post(unit=company, wanted=one, by=commander, at=at) for one in wanted)
    )

    assert all(not isinstance(one, Exception) or isinstance(one, NotFound) for one in results)
    assert Post.objects.lasting(at).managing().filter(unit=company).count() == 1
    assert Sharing.objects.count() == 1
    assert Unit.objects.get(pk=company.pk).closed_depth == company.depth


def test_the_same_choice_many_times_at_once_is_one_act(
    race: Race, company: Unit, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    head = posted(make_volunteer(company, on_duty=False), Role.LEADER, at)
    company.refresh_from_db()
    wanted = SharingIn(shares=Shares.ALL)

    results = race(*[lambda: choose_sharing(unit=company, wanted=wanted, by=head, at=at)] * 4)

    assert [one for one in results if isinstance(one, Exception)] == []
    assert Entry.objects.filter(act="sharing.chosen").count() == 1
