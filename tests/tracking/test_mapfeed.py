"""The live map shows what is on the screen, to whom it may be shown, as deltas."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from backend.accounts.models import User
from backend.tracking.judging import Report
from backend.tracking.mapfeed.access_log import Sightings
from backend.tracking.mapfeed.grid import resolution_at
from backend.tracking.mapfeed.live_feed import feed
from backend.tracking.mapfeed.markers import LIVE
from backend.tracking.models import LatestPosition
from backend.tracking.positions import forget, store_reports
from backend.tracking.schemas.positions import FixIn
from backend.volunteers.models import AccessEntry, Post, Volunteer
from tests.realtime.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)
NEAR = {"bbox": [119.8, 29.4, 120.0, 29.5], "zoom": 14}
FAR = {"bbox": [118.0, 27.0, 123.0, 31.5], "zoom": 7}


@sync_to_async
def report(user: User, lon: float = 119.89, ago: timedelta = timedelta(0)) -> None:
    at = datetime.now(UTC)
    Volunteer.objects.filter(user=user).update(duty_since=at - timedelta(hours=3))
    fix = FixIn(at=at - ago, lon=lon, lat=29.45, datum="wgs84")
    assert store_reports([Report(user.volunteer.number, [fix])], at=at) == [[True]]


async def map_frame(socket: Socket) -> dict[str, Any]:
    while True:
        frame = socket.backlog.pop(0) if socket.backlog else await socket.receive()
        if frame.get("topic") == "map":
            return frame


def number_of(user: User) -> str:
    return f"{user.volunteer.number:08d}"


async def test_a_near_view_shows_people_then_only_what_changes(
    connect: Connect, commander: User, volunteer: User, outsider: User
) -> None:
    await report(volunteer)
    socket = await connect(commander)
    assert (await socket.command("map.view", NEAR))["result"] == {"ok": True}
    first = await map_frame(socket)
    assert (first["type"], first["full"], list(first["people"])) == (
        "map.people",
        True,
        [number_of(volunteer)],
    )
    assert first["people"][number_of(volunteer)]["age"] == "live"
    await report(outsider)
    second = await map_frame(socket)
    assert (second["full"], list(second["people"])) == (False, [number_of(outsider)])


async def test_whoever_leaves_the_view_or_goes_off_duty_is_told_as_gone(
    connect: Connect, commander: User, volunteer: User, outsider: User
) -> None:
    await report(volunteer)
    await report(outsider)
    socket = await connect(commander)
    await socket.command("map.view", NEAR)
    await map_frame(socket)
    await report(volunteer, lon=121.0)
    await sync_to_async(forget)([outsider.volunteer.number], at=datetime.now(UTC))
    gone: dict[str, Any] = {}
    while len(gone) < 2:
        gone |= (await map_frame(socket))["people"]
    assert gone == {number_of(volunteer): None, number_of(outsider): None}


async def test_a_far_view_shows_cells_with_counts(
    connect: Connect, commander: User, volunteer: User, outsider: User
) -> None:
    await report(volunteer)
    await report(outsider, ago=timedelta(minutes=5))
    socket = await connect(commander)
    await socket.command("map.view", FAR)
    frame = await map_frame(socket)
    assert frame["type"] == "map.cells"
    assert [(cell["n"], cell["live"]) for cell in frame["cells"].values()] == [(2, 1)]


async def test_a_leader_sees_only_the_own_subtree_and_a_volunteer_no_map(
    connect: Connect, leader: User, volunteer: User, outsider: User
) -> None:
    await report(volunteer)
    await report(outsider)
    socket = await connect(leader)
    await socket.command("map.view", NEAR)
    assert list((await map_frame(socket))["people"]) == [number_of(volunteer)]
    refused = await (await connect(volunteer)).command("map.view", NEAR)
    assert refused["problem"]["status"] == 404


async def test_age_is_computed_by_the_server_and_old_positions_are_not_shown(
    connect: Connect, commander: User, volunteer: User
) -> None:
    for ago, age in (
        (timedelta(minutes=5), "stale"),
        (timedelta(minutes=30), "expired"),
        (timedelta(hours=2), None),
    ):
        await LatestPosition.objects.all().adelete()
        await report(volunteer, ago=ago)
        socket = await connect(commander)
        await socket.command("map.view", NEAR)
        people = (await map_frame(socket))["people"]
        assert [person["age"] for person in people.values()] == ([age] if age else [])


async def test_a_change_of_age_is_pushed_although_nothing_arrives(
    connect: Connect, commander: User, volunteer: User
) -> None:
    near, far = await connect(commander), await connect(commander)
    await report(volunteer, ago=LIVE - timedelta(seconds=2.5))
    await near.command("map.view", NEAR)
    await far.command("map.view", FAR)
    first = await map_frame(near)
    assert first["people"][number_of(volunteer)]["age"] == "live"
    assert [cell["live"] for cell in (await map_frame(far))["cells"].values()] == [1]

    second = await map_frame(near)

    assert (second["full"], second["people"][number_of(volunteer)]["age"]) == (False, "stale")
    assert [(c["n"], c["live"]) for c in (await map_frame(far))["cells"].values()] == [(1, 0)]


async def test_consoles_that_look_at_the_same_get_the_same_bytes(
    connect: Connect, commander: User, volunteer: User
) -> None:
    sockets = [await connect(commander) for _ in range(3)]
    for socket in sockets:
        await socket.command("map.view", NEAR)
    for socket in sockets:
        assert (await map_frame(socket))["people"] == {}
    assert feed.cost.pictures == 1

    await report(volunteer)

    first, *others = [await map_frame(socket) for socket in sockets]
    assert list(first["people"]) == [number_of(volunteer)]
    assert others == [first, first]


async def test_whoever_has_moved_on_is_shown_the_new_view_alone(
    connect: Connect, commander: User, volunteer: User
) -> None:
    await report(volunteer)
    socket = await connect(commander)
    await socket.command("map.view", NEAR)
    await map_frame(socket)
    await socket.command("map.view", FAR)
    frame = await map_frame(socket)
    assert (frame["type"], frame["full"], len(frame["cells"])) == ("map.cells", True, 1)
    assert (await socket.command("map.leave"))["result"] == {"ok": True}
    await report(volunteer, lon=121.0)
    assert await socket.is_silent(1.5)


async def test_a_map_is_emptied_when_the_post_has_ended(
    connect: Connect, commander: User, volunteer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.tracking.mapfeed.live_feed.REVIEW_S", 0.0)
    await report(volunteer)
    socket = await connect(commander)
    await socket.command("map.view", NEAR)
    await map_frame(socket)
    await Post.objects.filter(volunteer=commander.volunteer).aupdate(until_at=datetime.now(UTC))

    assert await map_frame(socket) == {"topic": "map", "type": "map.people", "full": True, "people": {}}
    await report(volunteer, lon=119.9)
    assert await socket.is_silent(1.5)


async def looks() -> list[tuple[int, int, str]]:
    return [row async for row in AccessEntry.objects.values_list("viewer", "subject__user", "what")]


async def test_whoever_is_shown_on_a_map_can_see_to_whom_and_whoever_is_counted_is_not_noted(
    connect: Connect, commander: User, leader: User, volunteer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.tracking.mapfeed.access_log.NOTE_S", 0.0)
    await report(volunteer)
    far, near = await connect(leader), await connect(commander)
    await far.command("map.view", FAR)
    await near.command("map.view", NEAR)
    await map_frame(far)
    await map_frame(near)

    for _ in range(30):
        await asyncio.sleep(0.1)
        if noted := await looks():
            break

    assert noted == [(commander.pk, volunteer.pk, "location")]


async def test_whoever_looks_away_within_the_minute_is_noted_too(
    connect: Connect, commander: User, volunteer: User
) -> None:
    await report(volunteer)
    socket = await connect(commander)
    await socket.command("map.view", NEAR)
    await map_frame(socket)
    await socket.command("map.leave")

    for _ in range(30):
        await asyncio.sleep(0.1)
        if noted := await looks():
            break

    assert noted == [(commander.pk, volunteer.pk, "location")]


async def test_whoever_was_shown_before_the_map_started_over_is_noted_too(
    connect: Connect, commander: User, volunteer: User
) -> None:
    await report(volunteer)
    socket = await connect(commander)
    await socket.command("map.view", NEAR)
    await map_frame(socket)
    await sync_to_async(LatestPosition.objects.all().delete)()

    feed._start_over()
    await map_frame(socket)
    await socket.command("map.leave")

    for _ in range(30):
        await asyncio.sleep(0.1)
        if noted := await looks():
            break

    assert noted == [(commander.pk, volunteer.pk, "location")]


async def test_what_could_not_be_noted_is_noted_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[int, set[int]]] = []

    def note(seen: dict[int, set[int]], *, at: datetime) -> None:
        if not told:
            told.append({})
            raise RuntimeError
        told.append(seen)

    monkeypatch.setattr("backend.tracking.mapfeed.access_log.note_sightings", note)
    sightings = Sightings()
    sightings._seen[1].add(2)

    for _ in range(2):
        sightings.sweep([], at_once=True)
        assert sightings._task is not None
        await sightings._task

    assert told == [{}, {1: {2}}]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"bbox": [1, 2, 3], "zoom": 3},
        {"bbox": [5, 2, 1, 3], "zoom": 3},
        {"bbox": [0, 0, 1, 1], "zoom": 99},
    ],
)
async def test_a_wrong_viewport_gets_a_problem(
    connect: Connect, commander: User, body: dict[str, Any]
) -> None:
    reply = await (await connect(commander)).command("map.view", body)
    assert reply["problem"]["type"] == "/problems/invalid"


def test_cells_grow_as_the_view_moves_away() -> None:
    assert [resolution_at(zoom) for zoom in (0, 5, 8, 11, 20)] == [2, 4, 6, 8, 9]
