"""A post is taken away only by a caller who could have given it; what rests on it ends with it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.services.invitations import invitation_opens
from backend.audit.models import Entry
from backend.joining.schemas import TransferIn
from backend.joining.services.invitations import invite
from backend.joining.services.transfers import TransferOver, accept_transfer, propose_transfer
from backend.lib.errors import NotFound
from backend.privacy.services.own_data import erase_person
from backend.volunteers import services
from backend.volunteers.models import Post, Role, Unit, Volunteer
from backend.volunteers.rules import may_dispatch
from backend.volunteers.schemas.formation import SplitIn
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.ends import BeyondOwnPost
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.posts import end_post, give_post
from backend.volunteers.services.standing import reinstate, retire, suspend
from backend.volunteers.services.units import merge_units, retire_unit, split_unit
from tests.conftest import Formation, MakeVolunteer, Published

DAY = timedelta(days=1)


def posted(person: Volunteer, unit: Unit, role: Role, at: datetime, **more: Any) -> Post:
    return services.appoint(volunteer=person, unit=unit, role=role, by=None, at=at, **more)


def give(to: Volunteer, unit: Unit, role: str, by: User, at: datetime, **more: Any) -> Post:
    wanted = PostIn(volunteer=f"{to.number:08d}", role=role, **more)  # type: ignore[arg-type]
    return give_post(unit=unit, wanted=wanted, by=by, at=at).row


def lasts(post: Post, at: datetime) -> bool:
    post.refresh_from_db()
    return post.until_at is None or post.until_at > at


@pytest.fixture
def deputy(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the deputy of the brigade, who looks after squadron A and ranks below its leader."""
    person = make_volunteer(formation.brigade, on_duty=False)
    posted(person, formation.brigade, Role.DEPUTY, at)
    return person.user


# --- taking away --------------------------------------------------------------------------------------------------


Act = Callable[[User, Volunteer], Any]


@pytest.fixture(
    params=[
        *("end", "suspend", "retire", "take out", "transfer", "split", "split as guest", "merge"),
        *("merge as guest", "retire unit"),
    ]
)
def take_away(request: pytest.FixtureRequest, formation: Formation, at: datetime) -> Act:
    """Return each act that ends the posts of a leader of squadron A."""
    squadron, beside = formation.squadron_a, formation.squadron_b

    def transfer(by: User, of: Volunteer) -> None:
        wanted = TransferIn(
            id=uuid7(),
            volunteer=f"{of.number:08d}",
            from_unit=squadron.number,
            to_unit=beside.number,
        )
        propose_transfer(wanted=wanted, by=by, at=at)

    def split(by: User, of: Volunteer) -> None:
        split_unit(unit=squadron, wanted=SplitIn(name="x", members=[f"{of.number:08d}"]), by=by, at=at)

    def empty(by: User, of: Volunteer) -> None:
        of.memberships.all().update(unit=beside)
        retire_unit(unit=squadron, successor=beside, by=by, at=at)

    def guest(act: Act) -> Act:
        """Have the leader belong to another unit, and only lead this one."""

        def as_guest(by: User, of: Volunteer) -> None:
            of.memberships.create(unit=formation.squadron_c)
            act(by, of)

        return as_guest

    def merge(by: User, _of: Volunteer) -> None:
        merge_units(unit=squadron, successor=beside, by=by, at=at)

    return {
        "end": lambda by, of: end_post(post_id=of.posts.get().pk, by=by, at=at),
        "suspend": lambda by, of: suspend(number=f"{of.number:08d}", reason="x", by=by, at=at),
        "retire": lambda by, of: retire(number=f"{of.number:08d}", by=by, at=at),
        "take out": lambda by, of: leave_unit(number=f"{of.number:08d}", unit=squadron, by=by, at=at),
        "transfer": transfer,
        "split": split,
        "split as guest": guest(split),
        "merge": merge,
        "merge as guest": guest(merge),
        "retire unit": empty,
    }[request.param]


def test_nobody_takes_a_post_away_that_they_could_not_have_given(
    take_away: Act, leader: User, deputy: User, formation: Formation, at: datetime
) -> None:
    with suppress(
        BeyondOwnPost, NotFound
    ):  # a transfer may be asked for; then the other side would have to agree
        take_away(deputy, leader.volunteer)

    assert lasts(leader.volunteer.posts.get(), at)
    assert may_dispatch(leader, formation.squadron_a, at)


def test_who_could_have_given_it_takes_it_away(
    take_away: Act, leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    take_away(commander, leader.volunteer)

    assert not may_dispatch(leader, formation.squadron_a, at)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.DEPUTY, Role.MEMBER])
def test_posts_of_no_higher_rank_are_taken_away_by_a_deputy(
    role: Role, deputy: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    held = posted(make_volunteer(formation.squadron_a), formation.squadron_a, role, at)

    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=deputy, at=at)

    assert not lasts(held, at)


@pytest.mark.parametrize("role", [Role.LEADER, Role.COMMANDER])
def test_a_post_that_begins_later_counts(
    role: Role, deputy: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    held = posted(make_volunteer(formation.squadron_a), formation.squadron_a, role, at, since=at + DAY)

    for act in (
        lambda: merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=deputy, at=at),
        lambda: split_unit(
            unit=formation.squadron_a,
            wanted=SplitIn(name="x", members=[f"{held.volunteer.number:08d}"]),
            by=deputy,
            at=at,
        ),
    ):
        with pytest.raises(BeyondOwnPost):
            act()
    assert lasts(held, at + DAY)


def test_a_transfer_is_not_carried_out_for_a_proposer_who_could_not_propose_it_any_more(
    deputy: User, volunteer: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    """The member has become the leader between the proposal and the other side's yes."""
    receiver = make_volunteer(formation.squadron_c)
    posted(receiver, formation.squadron_c, Role.LEADER, at)
    transfer = propose_transfer(
        wanted=TransferIn(
            id=uuid7(),
            volunteer=f"{volunteer.volunteer.number:08d}",
            from_unit=formation.squadron_a.number,
            to_unit=formation.squadron_c.number,
        ),
        by=deputy,
        at=at,
    )
    held = posted(volunteer.volunteer, formation.squadron_a, Role.LEADER, at)

    with pytest.raises(TransferOver):
        accept_transfer(transfer_id=transfer.pk, by=receiver.user, at=at)

    assert lasts(held, at)


def test_the_door_says_that_the_post_is_beyond_one_s_own(
    deputy: User, leader: User, sibling_leader: User, stranger: User, client_of: Any
) -> None:
    address = f"/api/v1/posts/{leader.volunteer.posts.get().pk}"

    answer = client_of(deputy).delete(address)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/beyond-own-post")
    assert [client_of(other).delete(address).status_code for other in (sibling_leader, stranger)] == [
        404,
        404,
    ]


# --- what rests on a post -----------------------------------------------------------------------------------------


@pytest.fixture
def acting(leader: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime) -> Post:
    """Make a deputy who stands in for squadron A's leader for ten days."""
    person = make_volunteer(formation.squadron_a)
    held = leader.volunteer.posts.get()
    return give(person, formation.squadron_a, "deputy", leader, at, acting_for=held.pk, until=at + 10 * DAY)


End = Callable[[Post], Any]


@pytest.fixture(params=["ended", "given back", "suspended", "retired", "erased", "taken out", "holder ends"])
def over(
    request: pytest.FixtureRequest, formation: Formation, leader: User, commander: User, at: datetime
) -> End:
    """Return each way in which a post that stands in ends before its time."""
    number = lambda post: f"{post.volunteer.number:08d}"  # noqa: E731
    later = at + timedelta(minutes=1)
    return {
        "ended": lambda post: end_post(post_id=post.pk, by=leader, at=later),
        "given back": lambda post: end_post(post_id=post.pk, by=post.volunteer.user, at=later),
        "suspended": lambda post: suspend(number=number(post), reason="x", by=leader, at=later),
        "retired": lambda post: retire(number=number(post), by=leader, at=later),
        "erased": lambda post: erase_person(by=post.volunteer.user, at=later),
        "taken out": lambda post: leave_unit(
            number=number(post), unit=formation.squadron_a, by=leader, at=later
        ),
        "holder ends": lambda post: end_post(post_id=post.acting_for_id, by=commander, at=later),
    }[request.param]


def test_what_a_deputy_who_stands_in_gave_ends_with_that_post(
    acting: Post,
    over: End,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    published: Published,
    at: datetime,
) -> None:
    """A deputy's post for oneself and for a friend, a dispatcher's for a third, and what these gave in turn."""
    unit, until = formation.squadron_a, at + 10 * DAY
    friend, third, fourth = (make_volunteer(unit) for _ in range(3))
    by = acting.volunteer.user
    own = give(acting.volunteer, unit, "deputy", by, at, until=until)
    first = give(friend, unit, "deputy", by, at, until=until)
    second = give(third, unit, "deputy", friend.user, at, until=until)
    last = give(fourth, unit, "dispatcher", third.user, at, until=until)

    over(acting)

    later = at + timedelta(minutes=1)
    assert [lasts(post, later) for post in (own, first, second, last)] == [False] * 4
    assert not any(may_dispatch(one.user, unit, later) for one in (friend, third, fourth))
    assert {topic for topic, _, _ in published(type="post.changed")} >= {
        friend.topic,
        third.topic,
        fourth.topic,
    }
    assert Entry.objects.filter(act="post.ended_with", subject=f"volunteer.{friend.pk}").count() == 1


def test_what_a_post_of_its_own_gave_stays(
    leader: User, commander: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    given = give(make_volunteer(formation.squadron_a), formation.squadron_a, "deputy", leader, at)

    end_post(post_id=leader.volunteer.posts.get().pk, by=commander, at=at)

    assert lasts(given, at)


def test_a_deputy_who_stands_in_outlasts_who_appointed_them(
    leader: User, commander: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    person = make_volunteer(formation.squadron_a)
    held = leader.volunteer.posts.get()
    acting = give(
        person, formation.squadron_a, "deputy", commander, at, acting_for=held.pk, until=at + 10 * DAY
    )

    end_post(post_id=commander.volunteer.posts.get().pk, by=commander, at=at)

    assert lasts(acting, at)


def test_a_post_of_one_s_own_is_given_on_before_one_that_stands_in(
    acting: Post, leader: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    posted(acting.volunteer, formation.squadron_a, Role.DEPUTY, at)

    given = give(
        make_volunteer(formation.squadron_a), formation.squadron_a, "deputy", acting.volunteer.user, at
    )
    end_post(post_id=acting.pk, by=leader, at=at)

    assert lasts(given, at)


def test_what_stands_in_does_not_come_back_after_a_suspension(
    acting: Post, leader: User, formation: Formation, at: datetime
) -> None:
    suspend(number=f"{acting.volunteer.number:08d}", reason="x", by=leader, at=at)
    reinstate(number=f"{acting.volunteer.number:08d}", by=leader, at=at)

    assert not may_dispatch(acting.volunteer.user, formation.squadron_a, at)


def test_nothing_that_was_given_lasts_longer_than_the_post_that_stands_in(
    acting: Post, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    for until in (None, at + 11 * DAY):
        with pytest.raises(BeyondOwnPost):
            give(
                make_volunteer(formation.squadron_a),
                formation.squadron_a,
                "dispatcher",
                acting.volunteer.user,
                at,
                until=until,
            )


def test_an_invitation_ends_with_the_post_that_stands_in(
    acting: Post, over: End, volunteer: User, at: datetime
) -> None:
    (made,) = invite(volunteers=[volunteer.volunteer], by=acting.volunteer.user, at=at)
    assert invitation_opens(volunteer, made.code, at=at)

    over(acting)

    assert not invitation_opens(volunteer, made.code, at=at + timedelta(minutes=1))


def test_an_invitation_runs_out_with_the_post_that_stands_in(
    acting: Post, volunteer: User, at: datetime
) -> None:
    (made,) = invite(volunteers=[volunteer.volunteer], by=acting.volunteer.user, at=at)

    assert [invitation_opens(volunteer, made.code, at=at + days * DAY) for days in (9, 10)] == [True, False]


def test_a_deputy_who_stands_in_hands_on_no_post_by_an_invitation_or_a_merge(
    commander: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    """Whoever signs in by the slip, or is merged with, would keep the post after the deputy's has ended."""
    stands_in, chief, friend = (make_volunteer(formation.brigade) for _ in range(3))
    head = posted(chief, formation.brigade, Role.LEADER, at)
    give(stands_in, formation.brigade, "deputy", commander, at, acting_for=head.pk, until=at + 10 * DAY)
    below = make_volunteer(formation.squadron_a)
    posted(below, formation.squadron_a, Role.DISPATCHER, at, until=at + 5 * DAY)

    answers = []
    for act in (
        lambda: invite(volunteers=[below], by=stands_in.user, at=at),
        lambda: merge_volunteers(kept=friend.number, duplicate=below.number, by=stands_in.user, at=at),
    ):
        with pytest.raises(Exception) as refused:  # noqa: PT011  # their names are what is looked at
            act()
        answers.append(refused.typename)
    assert answers == ["NotAllowed", "BeyondOwnPost"]
