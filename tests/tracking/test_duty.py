"""Who is tracked because they are on duty, and who may watch them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from backend.accounts.models import User
from backend.tracking.duty import on_duty, was_on_duty
from backend.tracking.queries.watching import watched_scopes
from backend.tracking.windows import Tracked, Window
from backend.volunteers import services
from backend.volunteers.topics import principal_of_user
from tests.conftest import Formation


def test_tracking_names_those_on_duty_and_their_unit(
    volunteer: User,
    leader: User,
    stranger: User,
    formation: Formation,
    django_assert_num_queries: Callable[..., Any],
    at: datetime,
) -> None:
    people = [user.volunteer.number for user in (volunteer, leader, stranger)]

    with django_assert_num_queries(1):
        tracked = on_duty(people, at)

    assert tracked == {volunteer.volunteer.number: Tracked(scope=formation.squadron_a.path, since=at)}
    assert on_duty(people, at + timedelta(days=1)) == {}


def test_viewers_watch_what_their_posts_cover(commander: User, volunteer: User, formation: Formation) -> None:
    assert watched_scopes(principal_of_user(commander)) == [formation.detachment.path]
    assert watched_scopes(principal_of_user(volunteer)) == []


def test_when_somebody_was_on_duty_is_told_also_before_the_clock_has_ended_it(
    stranger: User, at: datetime
) -> None:
    hour, number = timedelta(hours=1), stranger.volunteer.number
    services.set_duty(on=True, until=at + hour, by=stranger, at=at)
    services.set_duty(on=True, until=at + 3 * hour, by=stranger, at=at + 2 * hour)

    both = [Window(at, at + hour), Window(at + 2 * hour, at + 3 * hour)]
    assert was_on_duty([number], at, at + 4 * hour) == {number: both}
    assert was_on_duty([number], at + 2 * hour, at + 4 * hour) == {number: both[1:]}
    assert was_on_duty([number + 1], at, at + 4 * hour) == {}
