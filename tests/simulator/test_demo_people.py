"""Invented people for demonstrations."""

from datetime import datetime
from typing import Any

import pytest
from django.test import RequestFactory

from backend.accounts.models import User
from backend.accounts.signin import checked_user
from backend.volunteers import queries
from backend.volunteers.models import Post, Role, Unit, UnitKind, Volunteer
from backend.volunteers.rules import may_dispatch
from simulator.demo_people import NoFormation, load_demo_people
from tests.conftest import Formation

pytestmark = pytest.mark.usefixtures("formation")


def load(**options: Any) -> dict[str, Any]:
    return load_demo_people(people=60, **options)


def test_people_can_sign_in_and_do_what_their_posts_allow(
    formation: Formation, rf: RequestFactory, at: datetime
) -> None:
    signs_in = load(password="one two three")

    users = {
        part: checked_user(rf.post("/"), signs_in[part]["number"], "one two three")
        for part in ("commander", "leader", "volunteer")
    }

    commander, leader, volunteer = (users[part] for part in ("commander", "leader", "volunteer"))
    later = datetime.now(at.tzinfo)
    assert may_dispatch(commander, formation.detachment, later)
    assert may_dispatch(leader, formation.squadron_a, later)
    assert not may_dispatch(leader, formation.squadron_b, later)
    assert not may_dispatch(volunteer, formation.squadron_a, later)
    assert all(user.volunteer.is_on_duty(later) for user in users.values())


def test_people_fill_the_squadrons_and_lead_every_unit(formation: Formation, at: datetime) -> None:
    load()

    counts = queries.counts_of(formation.detachment)
    assert (
        counts.members == 60 + 4
    )  # the squadrons', two brigade leaders, the detachment's leader and commander
    assert 25 <= counts.on_duty <= 55
    led = Post.objects.filter(role=Role.LEADER).values_list("unit", flat=True)
    assert set(led) == set(Unit.objects.values_list("pk", flat=True))
    assert Post.objects.filter(role=Role.COMMANDER).count() == 1


def test_people_are_made_once(at: datetime) -> None:
    first = load(password="one")
    before = list(Volunteer.objects.values("number", "name", "duty_until"))

    second = load(password="one")

    assert second == first
    assert list(Volunteer.objects.values("number", "name", "duty_until")) == before


def test_people_get_the_new_password() -> None:
    load(password="one")

    load(password="two")

    assert all(user.check_password("two") for user in User.objects.all()[:5])


def test_people_are_as_many_on_duty_as_asked(at: datetime) -> None:
    load(on_duty=1)

    assert not Volunteer.objects.filter(duty_until=None).exists()


def test_people_need_a_formation(formation: Formation) -> None:
    with pytest.raises(NoFormation, match="load_formation"):
        load(unit="0799000000")
    Unit.objects.filter(kind=UnitKind.SQUADRON).update(kind=UnitKind.PARTNER)
    with pytest.raises(NoFormation, match="no squadrons"):
        load()
