"""Standing, posts and papers: no step that is not allowed, and one edge for each moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.models import User
from backend.lib.states import IllegalChange
from backend.volunteers.models import (
    DatedAvailability,
    Membership,
    Post,
    Role,
    Standing,
    Volunteer,
    is_listed,
    is_serving,
)
from backend.volunteers.principals import belongings_of
from backend.volunteers.rules import current_posts
from tests.builders import CredentialFactory
from tests.conftest import Formation

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


@given(
    first=st.sampled_from(Standing.values), acts=st.lists(st.sampled_from(["suspend", "reinstate", "retire"]))
)
def test_no_sequence_does_a_step_of_standing_that_is_not_allowed(first: str, acts: list[str]) -> None:
    person = Volunteer(standing=first)
    changes: dict[str, Callable[[], list[str]]] = {
        "suspend": lambda: person.suspend(at=AT, reason="an inquiry", until=AT + HOUR),
        "reinstate": lambda: person.reinstate(at=AT),
        "retire": lambda: person.retire(at=AT),
    }
    refused = {("retired", "suspend"), ("active", "reinstate")}
    for name in acts:
        before = dict(vars(person))
        if (person.standing, name) in refused:
            with pytest.raises(IllegalChange):
                changes[name]()
            assert vars(person) == before
            continue
        changed = changes[name]()
        assert {name for name, value in vars(person).items() if value != before.get(name)} <= {
            *changed,
            "_state",
        }
        assert person.is_in_service == (name == "reinstate")
        assert (person.standing_until is not None) == person.is_suspended


@pytest.mark.parametrize("standing", Standing.values)
@pytest.mark.parametrize("has_account", [True, False])
def test_rows_and_conditions_agree_on_who_is_in_service(
    volunteer: User, standing: str, has_account: bool
) -> None:
    person = volunteer.volunteer
    Volunteer.objects.filter(pk=person.pk).update(standing=standing)
    User.objects.filter(pk=volunteer.pk).update(is_active=has_account)
    person.refresh_from_db()

    mine = Volunteer.objects.filter(pk=person.pk)
    assert mine.in_service().exists() == person.is_in_service == (standing == "active")
    assert mine.filter(is_serving()).exists() == (person.is_in_service and has_account)
    assert mine.filter(is_listed()).exists() == (standing != "retired" and has_account)
    listed = Membership.objects.filter(is_listed("volunteer__"), volunteer=person)
    assert listed.exists() == mine.filter(is_listed()).exists()


def test_a_post_is_held_from_its_beginning_until_its_end_and_not_at_that_moment(
    volunteer: User, formation: Formation, at: datetime
) -> None:
    unit = formation.squadron_a
    begins, ends = at + HOUR, at + 2 * HOUR
    post = Post.objects.create(
        volunteer=volunteer.volunteer, unit=unit, role=Role.LEADER, seat=1, from_at=begins, until_at=ends
    )

    def held(moment: datetime) -> tuple[bool, bool]:
        """Tell whether it is held, and whether it lasts."""
        is_current = unit.posts.current(moment).filter(pk=post.pk).exists()
        # The statement by hand, and what asks for the holder's standing too, say the same.
        assert ("post:leader" in belongings_of([volunteer.pk], moment)[volunteer.pk].tags) == is_current
        assert current_posts(volunteer.pk, moment).exists() == is_current
        return is_current, unit.posts.lasting(moment).filter(pk=post.pk).exists()

    assert held(begins - TICK) == (False, True)
    assert held(begins) == (True, True)
    assert held(ends - TICK) == (True, True)
    assert held(ends) == (False, False)
    assert unit.posts.lasting_until(ends).filter(pk=post.pk).exists()
    assert not unit.posts.lasting_until(ends + TICK).filter(pk=post.pk).exists()
    assert not unit.posts.lasting_until(None).filter(pk=post.pk).exists()
    Post.objects.filter(pk=post.pk).update(until_at=None)
    assert held(ends) == (True, True)
    assert unit.posts.lasting_until(None).filter(pk=post.pk).exists()


def test_a_post_that_has_not_begun_ends_before_it_begins() -> None:
    post = Post(from_at=AT + HOUR)
    assert post.end(at=AT) == ["until_at"]
    assert post.until_at == AT + HOUR
    post.end(at=AT + 2 * HOUR)
    assert post.until_at == AT + 2 * HOUR


def test_duty_and_papers_and_plans_are_over_at_their_end(volunteer: User, at: datetime) -> None:
    person, ends = volunteer.volunteer, at + HOUR
    Volunteer.objects.filter(pk=person.pk).update(duty_since=at, duty_until=ends)
    person.refresh_from_db()
    paper = CredentialFactory.create(volunteer=person, valid_from=at, valid_until=ends)
    DatedAvailability.objects.create(volunteer=person, from_at=at, until_at=ends, available=True)
    mine = Volunteer.objects.filter(pk=person.pk)

    for moment, lasts in ((at - TICK, False), (at, True), (ends - TICK, True), (ends, False)):
        assert person.credentials.good(moment).filter(pk=paper.pk).exists() == lasts
        assert person.dated_availability.current(moment).exists() == lasts
        assert mine.on_duty(moment).exists() == person.is_on_duty(moment) == (moment < ends)
    assert not mine.overlong(ends - TICK).exists()
    assert mine.overlong(ends).exists()
