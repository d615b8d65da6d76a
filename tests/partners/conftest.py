"""A brigade with a rescue team of a partner below it, which keeps its people to itself."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from backend.accounts.models import User
from backend.volunteers.models import Role, Unit, Volunteer
from backend.volunteers.schemas.formation import UnitIn
from backend.volunteers.services.units import create_unit
from tests.conftest import Formation, MakeVolunteer, posted


@pytest.fixture
def chief(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the leader of the brigade, above the partner."""
    return posted(make_volunteer(formation.brigade, on_duty=False, name="大队长"), Role.LEADER, at)


@dataclass(frozen=True)
class Team:
    """A partner's unit with its leader, who has a post, and two members on duty."""

    unit: Unit
    head: Volunteer
    members: list[Volunteer]

    @property
    def people(self) -> list[Volunteer]:
        """Everybody in it."""
        return [self.head, *self.members]


def make_team(
    above: Unit, chief: User, make_volunteer: MakeVolunteer, at: datetime, *, name: str = "公羊队"
) -> Team:
    """Make a partner's team as those above do: its people first, then its first leader."""
    wanted = UnitIn(parent=above.number, name=name, partner_kind="rescue")
    unit = create_unit(wanted=wanted, parent=above, by=chief, at=at)
    head = make_volunteer(unit, on_duty=False, name=f"{name}队长")
    members = [make_volunteer(unit, name=f"{name}队员{n}") for n in "甲乙"]
    posted(head, Role.LEADER, at)
    unit.refresh_from_db()
    return Team(unit, head, members)


@pytest.fixture
def team(formation: Formation, chief: User, make_volunteer: MakeVolunteer, at: datetime) -> Team:
    """Make a partner's team below the brigade."""
    return make_team(formation.brigade, chief, make_volunteer, at)
