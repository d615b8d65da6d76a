"""Posts are given and taken away, never wider than one's own."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import Invalid, NotFound
from backend.volunteers import services
from backend.volunteers.models import Post, Role, Volunteer
from backend.volunteers.queries.lives import posts_in
from backend.volunteers.rules import may_dispatch
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.ends import BeyondOwnPost
from backend.volunteers.services.posts import HolderNotActive, end_post, give_post
from tests.conftest import Formation, MakeVolunteer, Published, Race

DAY = timedelta(days=1)


def give(person: User, unit: Any, role: str, by: User, at: datetime, **more: Any) -> Post:
    wanted = PostIn(volunteer=f"{person.volunteer.number:08d}", role=role, **more)  # type: ignore[arg-type]
    return give_post(unit=unit, wanted=wanted, by=by, at=at).row


def test_a_post_counts_from_its_beginning_to_its_end(
    formation: Formation, leader: User, volunteer: User, published: Published, at: datetime
) -> None:
    unit = formation.squadron_a

    post = give(volunteer, unit, "dispatcher", leader, at, from_at=at + DAY, until=at + 2 * DAY)

    assert [bool(may_dispatch(volunteer, unit, at + days * DAY)) for days in (0, 1, 2)] == [
        False,
        True,
        False,
    ]
    assert [held.pk for held in posts_in(unit, at=at)] == [leader.volunteer.posts.get().pk, post.pk]
    line = Entry.objects.filter(act="post.given").latest("pk")
    assert (line.by, line.post) == (leader, f"leader@{unit.number}")
    assert published(volunteer.volunteer.topic, "post.changed")[0][2]["post"]["id"] == post.pk


def test_a_leader_to_come_follows_the_present_one_then(
    formation: Formation, leader: User, commander: User, volunteer: User, at: datetime
) -> None:
    unit = formation.squadron_a

    give(volunteer, unit, "leader", commander, at, from_at=at + DAY)

    assert [bool(may_dispatch(leader, unit, at + days * DAY)) for days in (0, 1)] == [True, False]
    assert [bool(may_dispatch(volunteer, unit, at + days * DAY)) for days in (0, 1)] == [False, True]


@pytest.mark.parametrize(
    ("own", "given", "until", "allowed"),
    [
        (Role.LEADER, "leader", None, True),
        (Role.LEADER, "commander", None, False),
        (Role.DEPUTY, "deputy", None, True),
        (Role.DEPUTY, "leader", None, False),
        (Role.COMMANDER, "leader", None, True),
    ],
)
def test_rank_only_narrows(
    formation: Formation,
    make_volunteer: MakeVolunteer,
    volunteer: User,
    own: Role,
    given: str,
    until: datetime | None,
    allowed: bool,
    at: datetime,
) -> None:
    giver = make_volunteer(formation.brigade)
    services.appoint(volunteer=giver, unit=formation.brigade, role=own, by=None, at=at)

    if allowed:
        assert give(volunteer, formation.squadron_a, given, giver.user, at).role == given
    else:
        with pytest.raises(BeyondOwnPost):
            give(volunteer, formation.squadron_a, given, giver.user, at)


@pytest.mark.parametrize(("days", "allowed"), [(1, True), (5, True), (6, False), (None, False)])
def test_time_only_narrows(
    formation: Formation,
    make_volunteer: MakeVolunteer,
    volunteer: User,
    days: int | None,
    allowed: bool,
    at: datetime,
) -> None:
    giver = make_volunteer(formation.brigade)
    services.appoint(
        volunteer=giver, unit=formation.brigade, role=Role.LEADER, until=at + 5 * DAY, by=None, at=at
    )
    until = at + days * DAY if days else None

    if allowed:
        assert give(volunteer, formation.squadron_a, "deputy", giver.user, at, until=until).until_at == until
    else:
        with pytest.raises(BeyondOwnPost):
            give(volunteer, formation.squadron_a, "deputy", giver.user, at, until=until)


def test_units_only_narrow(
    formation: Formation, leader: User, volunteer: User, outsider: User, at: datetime
) -> None:
    for unit in (formation.squadron_b, formation.brigade):
        with pytest.raises(NotFound):
            give(volunteer, unit, "member", leader, at)
    with pytest.raises(NotFound):
        give(outsider, formation.squadron_a, "member", leader, at)


@pytest.mark.parametrize("who", ["sibling_leader", "volunteer", "stranger"])
def test_nobody_else_gives_or_takes_posts(
    formation: Formation, leader: User, request: pytest.FixtureRequest, who: str, at: datetime
) -> None:
    other = request.getfixturevalue(who)

    with pytest.raises(NotFound):
        give(other, formation.squadron_a, "deputy", other, at)
    with pytest.raises(NotFound):
        end_post(post_id=leader.volunteer.posts.get().pk, by=other, at=at)
    assert may_dispatch(leader, formation.squadron_a, at)


def test_the_same_post_again_is_a_retry(
    formation: Formation, leader: User, volunteer: User, at: datetime
) -> None:
    first = give(volunteer, formation.squadron_a, "deputy", leader, at)

    assert give(volunteer, formation.squadron_a, "deputy", leader, at + DAY) == first
    assert Post.objects.filter(volunteer=volunteer.volunteer).count() == 1


def test_a_deputy_stands_in_for_a_time(
    formation: Formation, leader: User, volunteer: User, at: datetime
) -> None:
    unit, held = formation.squadron_a, leader.volunteer.posts.get()

    acting = give(volunteer, unit, "deputy", leader, at, acting_for=held.pk, until=at + 3 * DAY)

    assert acting.acting_for == held
    assert [bool(may_dispatch(volunteer, unit, at + days * DAY)) for days in (0, 3)] == [True, False]


def test_a_deputy_who_stands_in_goes_with_the_post(
    formation: Formation, leader: User, commander: User, volunteer: User, at: datetime
) -> None:
    unit, held = formation.squadron_a, leader.volunteer.posts.get()
    give(volunteer, unit, "deputy", leader, at, acting_for=held.pk, until=at + 3 * DAY)

    end_post(post_id=held.pk, by=commander, at=at + DAY)

    assert not may_dispatch(volunteer, unit, at + DAY)
    assert not may_dispatch(leader, unit, at + DAY)


@pytest.mark.parametrize(
    ("role", "until", "pointers"),
    [("dispatcher", 1, ["/role"]), ("deputy", None, ["/until"]), ("deputy", 9, ["/until"])],
)
def test_standing_in_is_bounded(
    formation: Formation,
    leader: User,
    commander: User,
    volunteer: User,
    role: str,
    until: int | None,
    pointers: list[str],
    at: datetime,
) -> None:
    held = leader.volunteer.posts.get()
    Post.objects.filter(pk=held.pk).update(until_at=at + 5 * DAY)

    with pytest.raises(Invalid) as refused:
        give(
            volunteer,
            formation.squadron_a,
            role,
            commander,
            at,
            acting_for=held.pk,
            until=at + until * DAY if until else None,
        )
    assert [error["pointer"] for error in refused.value.errors] == pointers


def test_nobody_stands_in_for_a_post_of_another_unit_or_for_who_stands_in(
    formation: Formation, leader: User, sibling_leader: User, commander: User, volunteer: User, at: datetime
) -> None:
    acting = give(
        volunteer,
        formation.squadron_a,
        "deputy",
        commander,
        at,
        acting_for=leader.volunteer.posts.get().pk,
        until=at + DAY,
    )

    for post in (sibling_leader.volunteer.posts.get(), acting):
        with pytest.raises(Invalid):
            give(volunteer, formation.squadron_a, "deputy", commander, at, acting_for=post.pk, until=at + DAY)


def test_everybody_may_give_their_own_post_back(formation: Formation, leader: User, at: datetime) -> None:
    post = leader.volunteer.posts.get()

    end_post(post_id=post.pk, by=leader, at=at)

    assert not may_dispatch(leader, formation.squadron_a, at)
    with pytest.raises(NotFound):
        end_post(post_id=post.pk, by=leader, at=at)


def test_a_deputy_does_not_end_the_leaders_post(
    formation: Formation, leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    deputy = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)

    with pytest.raises(BeyondOwnPost):
        end_post(post_id=leader.volunteer.posts.get().pk, by=deputy.user, at=at)


def test_posts_are_for_those_in_service(
    formation: Formation, leader: User, volunteer: User, at: datetime
) -> None:
    Volunteer.objects.filter(user=volunteer).update(standing="suspended")

    with pytest.raises(HolderNotActive):
        give(volunteer, formation.squadron_a, "deputy", leader, at)


def test_two_leaders_appointed_at_once_leave_one(
    formation: Formation, commander: User, make_volunteer: MakeVolunteer, race: Race, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a).user for _ in range(3)]

    results = race(
        *(lambda p=person: give(p, formation.squadron_a, "leader", commander, at) for person in people)
    )

    assert [result for result in results if isinstance(result, Exception)] == []
    leading = [person for person in people if may_dispatch(person, formation.squadron_a, at)]
    assert len(leading) == 1
