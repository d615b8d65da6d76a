"""Sockets follow their people: whatever opens a topic joins it, whatever closes one ends it, within a second."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from pytest_django import DjangoAssertNumQueries
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch.schemas import CallOutIn, TaskIn
from backend.dispatch.services.call_outs import call_out
from backend.dispatch.services.tasks import create_task
from backend.joining.models import Application
from backend.joining.schemas import ApplicationIn, TransferIn
from backend.joining.services import applications, transfers
from backend.realtime.access import access_changed
from backend.realtime.frames import Audience
from backend.realtime.log import bus, event_log
from backend.realtime.registry import Principal, registry
from backend.realtime.socket.holdings import Holding, review
from backend.realtime.socket.hub import hub
from backend.volunteers import services
from backend.volunteers.models import Post, Role, Unit
from backend.volunteers.schemas.formation import SplitIn, UnitIn
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services import memberships, merging, posts, standing, units
from backend.volunteers.topics import principal_of_user, topics_of
from tests.builders import task_body
from tests.conftest import Formation, MakeVolunteer
from tests.realtime.conftest import Connect, Json, Socket
from tests.realtime.samples import SampleHappened

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN_S = 3.0
"""A second, and two for a machine that has other work."""


@dataclass
class World:
    """The formation, whom the test is about, and who acts."""

    formation: Formation
    person: User
    commander: User
    make: MakeVolunteer

    def number(self, user: User | None = None) -> str:
        return f"{(user or self.person).volunteer.number:08d}"


@pytest.fixture
def world(formation: Formation, volunteer: User, commander: User, make_volunteer: MakeVolunteer) -> World:
    return World(formation, volunteer, commander, make_volunteer)


def now() -> datetime:
    return datetime.now(UTC)


# --- acts ---------------------------------------------------------------------------------------------------------


def transfer(world: World, *, to: Unit | None = None, stays: bool = False) -> None:
    """Transfer the person to another unit, of the other brigade."""
    a, c = world.formation.squadron_a, to or world.formation.squadron_c
    wanted = TransferIn(
        id=uuid7(), volunteer=world.number(), from_unit=a.number, to_unit=c.number, stays=stays
    )  # fmt: skip
    made = transfers.propose_transfer(wanted=wanted, by=world.commander, at=now())
    if stays:
        transfers.accept_transfer(transfer_id=made.pk, by=world.person, at=now())


def join_besides(world: World) -> None:
    transfer(world, stays=True)


def leave(world: World) -> None:
    unit = world.formation.squadron_a
    memberships.leave_unit(number=world.number(), unit=unit, by=world.person, at=now())


def give_post(world: World, **changes: Any) -> None:
    wanted = PostIn(volunteer=world.number(), role=Role.DISPATCHER, **changes)
    posts.give_post(unit=world.formation.squadron_c, wanted=wanted, by=world.commander, at=now())


def give_post_from_now_on(world: World) -> None:
    """Give a post that begins a moment after the act: by time alone."""
    give_post(world, from_at=now() + timedelta(seconds=0.7))


def give_and_end_post(world: World) -> None:
    give_post(world)
    post = Post.objects.get(volunteer=world.person.volunteer)
    posts.end_post(post_id=post.pk, by=world.commander, at=now())


def act_for_a_moment(world: World) -> None:
    """Stand in for somebody, and not long: the post ends by time alone."""
    holder = world.make(world.formation.squadron_c)
    held = services.appoint(
        volunteer=holder, unit=world.formation.squadron_c, role=Role.LEADER, by=None, at=now()
    )
    wanted = PostIn(
        volunteer=world.number(), role=Role.DEPUTY, until=now() + timedelta(seconds=0.7), acting_for=held.pk
    )
    posts.give_post(unit=world.formation.squadron_c, wanted=wanted, by=world.commander, at=now())


def move_unit(world: World) -> None:
    formation = world.formation
    units.move_unit(unit=formation.squadron_a, parent=formation.other_brigade, by=world.commander, at=now())


def move_unit_above(world: World) -> None:
    """Move the brigade: everybody below it has another line."""
    formation, at = world.formation, now()
    chief = world.make(formation.headquarters)
    services.appoint(volunteer=chief, unit=formation.headquarters, role=Role.COMMANDER, by=None, at=at)
    beside = Unit.objects.get(pk=formation.corps.pk)
    new = units.create_unit(
        wanted=UnitIn(parent=beside.number, name="新支队"), parent=beside, by=chief.user, at=at
    )
    units.move_unit(unit=formation.brigade, parent=new, by=chief.user, at=at)


def merge_unit(world: World) -> None:
    formation = world.formation
    units.merge_units(unit=formation.squadron_a, successor=formation.squadron_c, by=world.commander, at=now())


def merge_unit_above(world: World) -> None:
    formation = world.formation
    units.merge_units(unit=formation.brigade, successor=formation.other_brigade, by=world.commander, at=now())


def split_unit(world: World) -> None:
    wanted = SplitIn(name="新中队", members=[world.number()])
    units.split_unit(unit=world.formation.squadron_a, wanted=wanted, by=world.commander, at=now())


def merge_records(world: World) -> None:
    """Merge a duplicate, who belongs to another unit, into the person."""
    duplicate = world.make(world.formation.squadron_c)
    merging.merge_volunteers(
        kept=world.person.volunteer.number, duplicate=duplicate.number, by=world.commander, at=now()
    )


def retire(world: World) -> None:
    standing.retire(number=world.number(), by=world.person, at=now())


def come_back(world: World) -> None:
    """Leave every unit, and be approved in another."""
    leave(world)
    person = world.person
    wanted = ApplicationIn(
        id=uuid7(),
        unit=world.formation.squadron_c.number,
        name=person.volunteer.name,
        phone=person.phone,
        password="eleven green bicycles",
    )
    applications.apply(wanted=wanted, address="192.0.2.1", at=now())
    one = Application.objects.get()
    applications.approve_application(application_id=one.pk, by=world.commander, at=now())


ACTS: list[tuple[Callable[[World], None], set[str], set[str]]] = [
    (transfer, {"other_brigade", "squadron_c"}, {"brigade", "squadron_a"}),
    (join_besides, {"other_brigade", "squadron_c"}, set()),
    (leave, set(), {"headquarters", "corps", "detachment", "brigade", "squadron_a"}),
    (give_post, {"other_brigade", "squadron_c"}, set()),
    (give_post_from_now_on, {"other_brigade", "squadron_c"}, set()),
    (give_and_end_post, set(), set()),
    (act_for_a_moment, set(), set()),
    (move_unit, {"other_brigade"}, {"brigade"}),
    (move_unit_above, {"new"}, {"detachment"}),
    (merge_unit, {"other_brigade", "squadron_c"}, {"brigade", "squadron_a"}),
    (merge_unit_above, {"other_brigade"}, {"brigade"}),
    (split_unit, {"new"}, {"squadron_a"}),
    (merge_records, {"other_brigade", "squadron_c"}, set()),
    (retire, set(), {"headquarters", "corps", "detachment", "brigade", "squadron_a"}),
    (come_back, {"other_brigade", "squadron_c"}, {"brigade", "squadron_a"}),
]
"""Each act, which units' topics it opens to the person, and which it closes; `new` is a unit that it makes."""


@dataclass
class Followed:
    """What a socket was told of its topics since a moment, and what it holds by that."""

    held: set[str]
    snapshots: dict[str, Json]

    async def by(self, socket: Socket, expected: set[str], within_s: float = WITHIN_S) -> None:
        """Read what the socket is told until it, and the hub for it, holds what is expected."""
        async with asyncio.timeout(within_s):
            while not self.held == expected == set(hub.topics):
                frame = await socket.receive_any()
                if frame.get("type") == "topic.joined":
                    self.held.add(frame["topic"])
                    self.snapshots[frame["topic"]] = frame
                elif frame.get("type") == "topic.revoked":
                    self.held.discard(frame["topic"])


def held_by(socket: Socket) -> Followed:
    return Followed(set(socket.welcome["topics"]), {})  # type: ignore[attr-defined]


@pytest.mark.parametrize("carried", ["bus", "poll"])
@pytest.mark.parametrize(("act", "opened", "closed"), ACTS, ids=[act.__name__ for act, _, _ in ACTS])
async def test_a_socket_follows_what_an_act_does(
    connect: Connect,
    world: World,
    act: Callable[[World], None],
    opened: set[str],
    closed: set[str],
    carried: str,
) -> None:
    socket = await connect(world.person)
    if carried == "poll":
        bus.attach(asyncio.get_running_loop(), None)
    known = {unit: getattr(world.formation, unit).topic for unit in vars(world.formation)}
    before = held_by(socket)
    beginning = set(before.held)

    await sync_to_async(act)(world)
    if act in (give_post_from_now_on, act_for_a_moment):
        await asyncio.sleep(1)
    principal = await sync_to_async(principal_of_user)(world.person)
    (own,) = await sync_to_async(topics_of)([principal])
    known["new"] = next((name for name in own if name not in known.values() and "unit" in name), "")
    await before.by(socket, set(own))

    gained, lost = ({known[unit] for unit in named} for named in (opened, closed))
    assert set(own) == (beginning | gained) - lost
    assert all(set(frame) == {"type", "topic", "head", "snapshot"} for frame in before.snapshots.values())


async def test_what_is_told_in_a_topic_that_was_opened_comes_behind_it(
    connect: Connect, world: World
) -> None:
    socket = await connect(world.person)
    topic = world.formation.squadron_c.topic
    await socket.how_far("caught_up")

    await sync_to_async(transfer)(world)
    await sync_to_async(_publish)(topic)
    frames: list[Json] = []
    async with asyncio.timeout(WITHIN_S):
        while not any(frame.get("topic") == topic and "seq" in frame for frame in frames):
            frames.append(await socket.receive_any())
            if frames[-1].get("topic") == topic and frames[-1].get("head") == 1:
                break  # it was committed before the topic was read

    order = [frame.get("type") for frame in frames if topic in str(frame)]
    assert order[0] == "topic.joined"


def _publish(topic: str, audience: Audience | None = None) -> None:
    with transaction.atomic():
        event_log.publish(topic, SampleHappened(n=1), at=now(), audience=audience)


@pytest.mark.parametrize("round", range(6))
async def test_an_order_right_after_a_transfer_reaches_the_phone(
    connect: Connect, world: World, noon: datetime, round: int
) -> None:
    """It comes as an event, or in the snapshot of the topic that was opened; never not at all."""
    socket = await connect(world.person)
    unit, task = world.formation.squadron_c, uuid7()

    await sync_to_async(transfer)(world)
    await asyncio.sleep(round * 0.02)
    await sync_to_async(_order)(world, unit, task, noon)

    async with asyncio.timeout(WITHIN_S):
        while not _tells_of(await socket.receive_any(), unit.topic, str(task)):
            pass


@pytest.fixture
def noon(at: datetime) -> datetime:
    """Return a noon in China that is far away: no night work."""
    return (at + timedelta(days=2)).replace(hour=4)


def _order(world: World, unit: Unit, task: Any, noon: datetime) -> None:
    wanted = TaskIn.model_validate(task_body(unit.number, now(), id=task, starts_at=noon))
    made = create_task(wanted=wanted, by=world.commander, at=now())
    call_out(task_id=made.pk, wanted=CallOutIn(id=uuid7(), units=[unit.number]), by=world.commander, at=now())


def _tells_of(frame: Json, topic: str, task: str) -> bool:
    if frame.get("topic") != topic:
        return False
    if frame["type"] == "topic.joined":
        return task in [offer["task"]["id"] for offer in frame["snapshot"]["offers"]["items"]]
    return bool(frame["type"] == "task.called" and frame["data"]["task"]["id"] == task)


# --- what is asked for by a phone itself --------------------------------------------------------------------------


async def test_a_topic_of_ones_own_cannot_be_left(connect: Connect, world: World) -> None:
    socket = await connect(world.person)
    unit = world.formation.brigade.topic

    replies = [
        await socket.command("topic.leave", {"topic": topic})
        for topic in (unit, f"person.{world.number()}", "unit.9999999999")
    ]
    await sync_to_async(_publish)(unit)

    assert [reply.get("problem", {}).get("type") for reply in replies] == ["/problems/own-topic"] * 2 + [None]
    assert (await socket.event("sample.happened"))["topic"] == unit


async def test_a_topic_that_has_become_ones_own_cannot_be_left(connect: Connect, world: World) -> None:
    """A commander watches a unit, and is then made a member of it."""
    socket, unit = await connect(world.commander), world.formation.squadron_c
    await socket.command("topic.join", {"topic": unit.topic})
    assert "result" in await socket.command("topic.leave", {"topic": unit.topic})
    await socket.command("topic.join", {"topic": unit.topic})

    await sync_to_async(services.appoint)(
        volunteer=world.commander.volunteer, unit=unit, role=Role.MEMBER, by=None, at=now()
    )
    await _joined(socket, world.formation.other_brigade.topic)

    left = await socket.command("topic.leave", {"topic": unit.topic})
    assert left["problem"]["type"] == "/problems/own-topic"


async def _joined(socket: Socket, topic: str) -> Json:
    async with asyncio.timeout(WITHIN_S):
        while (frame := await socket.receive_any()).get("type") != "topic.joined" or frame["topic"] != topic:
            pass
    return frame


@pytest.mark.parametrize("act", [move_unit_above, merge_unit_above])
async def test_who_watches_a_unit_from_above_loses_it_when_it_goes_elsewhere(
    connect: Connect, world: World, act: Callable[[World], None]
) -> None:
    """The watcher holds no topic of the unit that moves, only one below it."""
    watcher = await sync_to_async(world.make)(None)
    above = world.formation.brigade if act is merge_unit_above else world.formation.detachment
    appoint = sync_to_async(services.appoint)
    await appoint(volunteer=watcher, unit=above, role=Role.DISPATCHER, by=None, at=now())
    socket, topic = await connect(watcher.user), world.formation.squadron_a.topic
    assert "result" in await socket.command("topic.join", {"topic": topic})

    await sync_to_async(act)(world)

    lost = set()
    async with asyncio.timeout(WITHIN_S):
        while topic not in lost:
            frame = await socket.receive_any()
            lost |= {frame["topic"]} if frame.get("type") == "topic.revoked" else set()


# --- races and many -----------------------------------------------------------------------------------------------


@pytest.fixture
def during_hello() -> Iterator[list[Callable[[], None]]]:
    """Return a list: what a test puts there runs once, after a hello has read its topics."""
    acts: list[Callable[[], None]] = []

    def then(principals: Any) -> list[list[str]]:
        if acts:
            acts.pop()()
        return [[] for _ in principals]

    registry.own_topics.append(then)
    yield acts
    registry.own_topics.remove(then)


@pytest.mark.parametrize("carried", ["bus", "poll"])
async def test_a_hello_that_read_too_early_is_looked_at_again(
    connect: Connect, world: World, during_hello: list[Callable[[], None]], carried: str
) -> None:
    """The transfer commits between the read of the topics and the moment in which the socket joins them."""
    await connect(world.commander)  # starts the hub
    if carried == "poll":
        bus.attach(asyncio.get_running_loop(), None)
    during_hello.append(lambda: transfer(world))

    socket = await connect(world.person)

    assert world.formation.squadron_a.topic in socket.welcome["topics"]  # type: ignore[attr-defined]
    await _joined(socket, world.formation.squadron_c.topic)


async def test_tags_follow_too(connect: Connect, world: World) -> None:
    """An event for those with a post reaches who has been given one since hello."""
    socket, topic = await connect(world.person), world.formation.brigade.topic
    for_dispatchers = Audience(tags=["post:dispatcher"])

    await sync_to_async(_publish)(topic, for_dispatchers)
    await sync_to_async(give_post)(world)
    await _joined(socket, world.formation.squadron_c.topic)
    await sync_to_async(_publish)(topic, for_dispatchers)
    heard = await socket.event("sample.happened")
    await sync_to_async(posts.end_post)(
        post_id=(await Post.objects.aget(volunteer=world.person.volunteer)).pk, by=world.commander, at=now()
    )
    while (await socket.receive_any()).get("type") != "topic.revoked":
        pass
    await sync_to_async(_publish)(topic, for_dispatchers)
    await sync_to_async(_publish)(topic)

    assert heard["seq"] == 2
    assert (await socket.event("sample.happened"))["seq"] == 4


async def test_a_database_that_is_away_is_asked_again(
    connect: Connect, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, failures = await connect(world.person), [OSError("away")]

    def failing(holdings: Any) -> Any:
        if failures:
            raise failures.pop()
        return review(holdings)

    monkeypatch.setattr("backend.realtime.socket.reviews.review", failing)
    await sync_to_async(transfer)(world)

    async with asyncio.timeout(4):
        await _joined_late(socket, world.formation.squadron_c.topic)


async def _joined_late(socket: Socket, topic: str) -> None:
    while (frame := await socket.receive_any(4)).get("type") != "topic.joined" or frame["topic"] != topic:
        pass


def test_as_many_queries_for_many_as_for_few(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """A unit of thousands that moves is read some hundreds at a time."""
    people = [world.make(world.formation.squadron_a).user for _ in range(30)]
    stale = {world.formation.squadron_b.topic, "unit.9999999999"}
    holdings = [Holding(principal_of_user(person), stale | {person.volunteer.topic}) for person in people]
    review(holdings[:2])

    with django_assert_num_queries(9):
        few = review(holdings[:2])
    with django_assert_num_queries(9):
        many = review(holdings)

    assert [len(one.gained.topics) for one in many] == [5] * 30
    assert [set(one.lost) for one in many] == [stale] * 30
    assert few[0].lost == many[0].lost


def test_a_change_names_each_topic_once_and_says_nothing_before_its_time(world: World) -> None:
    from backend.realtime.models import AccessChange

    with transaction.atomic():
        access_changed(["unit.1", "unit.1", "unit.2"], at=now())
        access_changed(["unit.3"], at=now() + timedelta(hours=1))

    rows = {topic: at > now() for topic, at in AccessChange.objects.values_list("topic", "at")}
    assert {topic: rows[topic] for topic in ("unit.1", "unit.2", "unit.3")} == {
        "unit.1": False,
        "unit.2": False,
        "unit.3": True,
    }
    assert isinstance(principal_of_user(world.person), Principal)
