"""Whatever happens, a console that applies its frames shows exactly what its people may see on its screen now."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.realtime.frames import encode_frame
from backend.tracking.mapfeed.grid import E5, WIDEST_PX, Window
from backend.tracking.mapfeed.markers import Row
from backend.tracking.mapfeed.shapes import MapCells, MapPeople, Viewport
from backend.tracking.mapfeed.state import World
from backend.tracking.mapfeed.viewports import MAX_BYTES, Picture
from tests.realtime.samples import Phone

SECOND = 1_000_000
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * SECOND
NEAR = Window.of(Viewport(bbox=[119.8, 29.4, 120.0, 29.5], zoom=13))
STREET = Window.of(Viewport(bbox=[119.88, 29.44, 119.9, 29.46], zoom=16))
FAR = Window.of(Viewport(bbox=[118.0, 27.0, 123.0, 31.5], zoom=7))
TOWN = Window.of(Viewport(bbox=[119.6, 29.3, 120.2, 29.6], zoom=10.5))
WORLD = Window.of(Viewport(bbox=[-180, -90, 180, 90], zoom=0))


@dataclass
class Console:
    """Applies the frames of its socket, as the page does."""

    window: Window
    scopes: tuple[str, ...]
    phone: Phone = field(default_factory=Phone)
    shown: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def read(self) -> None:
        for message in self.phone.sent:
            frame = json.loads(message["text"])
            if frame["full"]:
                self.shown.clear()
            for key, entry in frame[frame["type"].removeprefix("map.")].items():
                if entry is None:
                    self.shown.pop(key, None)
                else:
                    self.shown[key] = entry
            self.texts.append(message["text"])
        self.phone.sent.clear()


class Story:
    """A world, the rows of its table, and consoles that look at it."""

    def __init__(self, room: int = MAX_BYTES) -> None:
        self.world, self.at, self.room = World(), START, room
        self.table: dict[int, Row] = {}
        self.changed: list[int] = []
        self.consoles: list[Console] = []

    def report(self, person: int, scope: str, lon: float, lat: float, ago: int = 0) -> None:
        self.at += 1
        self.table[person] = (person, scope, self.at - ago * SECOND, self.at, lon, lat, 9.0)
        self.changed.append(person)

    def look(self, window: Window, *scopes: str) -> Console:
        console = Console(window, scopes)
        self.consoles.append(console)
        return console

    def turn(self) -> None:
        world = self.world
        through(world.take([self.table[person] for person in self.changed], self.at))
        self.changed = self.changed[-3:]  # the last rows come again
        through(world.grow_old(self.at))
        through(world.settle())
        for console in self.consoles:
            if not console.phone.connection.topics:
                through(world.show(console.window, console.scopes))
                self.picture(console).join(console.phone.connection)
                console.phone.connection.topics["map"] = 1
        for picture in world.pictures.values():
            for message, connections in picture.frames(self.room):
                assert len(message.frame) <= self.room
                for connection in connections:
                    connection.push(message)
        world.tidy()
        for console in self.consoles:
            console.read()

    def picture(self, console: Console) -> Picture:
        return self.world.pictures[console.window, console.scopes]

    def expected(self, console: Console) -> dict[str, Any]:
        """Compute what the console should show from the table alone."""
        seen = [
            (row, age)
            for row in self.table.values()
            if row[1] and row[1].startswith(console.scopes) and (age := age_of(self.at - row[2]))
        ]
        return (
            people(seen, console.window) if console.window.resolution is None else cells(seen, console.window)
        )


def through(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def age_of(micros: int) -> str:
    seconds = micros / SECOND
    return "live" if seconds <= 90 else "stale" if seconds <= 600 else "expired" if seconds <= 3600 else ""


def people(seen: Iterable[tuple[Row, str]], window: Window) -> dict[str, Any]:
    return {
        f"{person:08d}": {
            "lon": lon,
            "lat": lat,
            "age": age,
            "at": datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "acc_m": accuracy,
        }
        for (person, _, at, _, lon, lat, accuracy), age in seen
        if window.covers(round(lon * E5), round(lat * E5))
    }


def cells(seen: Iterable[tuple[Row, str]], window: Window) -> dict[str, Any]:
    groups: dict[str, list[tuple[float, float, str]]] = {}
    for row, age in seen:
        cell = h3.cell_to_parent(h3.latlng_to_cell(row[5], row[4], 9), window.resolution)
        groups.setdefault(cell, []).append((row[4], row[5], age))
    found = {}
    for cell, group in groups.items():
        lat, lon = h3.cell_to_latlng(cell)
        if window.covers(round(lon * E5), round(lat * E5)):
            found[cell] = {
                "n": len(group),
                "live": sum(age == "live" for _, _, age in group),
                "lon": pytest.approx(sum(lon for lon, _, _ in group) / len(group), abs=0.000051),
                "lat": pytest.approx(sum(lat for _, lat, _ in group) / len(group), abs=0.000051),
            }
    return found


reports = st.tuples(
    st.just("report"),
    st.integers(1, 9),
    st.sampled_from(["", "0001", "00010001", "00010002", "000100020001", "0002"]),
    st.sampled_from([119.6001, 119.79999, 119.8, 119.88512, 119.89, 120.0, 120.00001, 122.4]),
    st.sampled_from([28.2, 29.39999, 29.4, 29.45, 29.45123, 29.5]),
    st.sampled_from([-60, 0, 30, 89, 90, 400, 599, 3_000, 3_599, 4_000]),
)
looks = st.tuples(
    st.just("look"),
    st.sampled_from([NEAR, STREET, FAR, TOWN, WORLD]),
    st.sampled_from([("0001",), ("00010002",), ("00010001", "0002")]),
)
waits = st.tuples(st.just("wait"), st.sampled_from([0, 1, 10, 90, 500, 3_600]))
acts = st.lists(st.one_of(reports, reports, looks, waits), max_size=40)


def play(story: Story, act: tuple[Any, ...]) -> None:
    kind, *arguments = act
    if kind == "report":
        story.report(*arguments)
    elif kind == "look":
        window, scopes = arguments
        story.look(window, *scopes)
    else:
        story.at += arguments[0] * SECOND
        story.turn()


@settings(max_examples=200)
@given(acts)
def test_a_full_frame_and_what_follows_is_what_one_sees_who_comes_now(acts: list[tuple[Any, ...]]) -> None:
    story = Story()
    for act in acts:
        play(story, act)
        if act[0] == "wait":
            for console in story.consoles:
                assert console.shown == story.expected(console)


@settings(max_examples=100)
@given(acts, st.integers(300, 900))
def test_frames_too_small_for_all_that_changed_bring_the_same_later(
    acts: list[tuple[Any, ...]], room: int
) -> None:
    story = Story(room)
    for act in acts:
        play(story, act)
    for _ in range(60):
        story.turn()

    for console in story.consoles:
        assert console.shown == story.expected(console)


@settings(max_examples=60)
@given(acts)
def test_hand_written_frames_are_those_of_the_documented_shapes(acts: list[tuple[Any, ...]]) -> None:
    story = Story()
    for act in acts:
        play(story, act)
    story.turn()

    for console in story.consoles:
        for text in console.texts:
            shape = MapPeople if '"map.people"' in text else MapCells
            assert shape.model_validate_json(text).model_dump_json() == text


@pytest.mark.parametrize("window", [NEAR, FAR, TOWN, WORLD])
def test_a_viewer_learns_nothing_of_people_of_other_units(window: Window) -> None:
    story = Story()
    own, other = story.look(window, "00010001"), story.look(window, "00010002")
    story.report(1, "00010001", 119.88, 29.45)
    story.turn()
    before = dict(own.shown)
    for second in range(5):
        for person in range(10, 40):
            story.report(person, "00010002", 119.88 + person / 1_000, 29.45 + second / 1_000)
        story.turn()
    story.report(10, "", 119.88, 29.45)
    story.at += 95 * SECOND
    story.report(1, "00010001", 119.8805, 29.45)
    story.turn()

    assert len(own.texts) == 2, "the full frame, and the one report of their own"
    assert own.shown.keys() == before.keys()
    assert not [text for text in own.texts for person in range(10, 40) if f"{person:08d}" in text]
    assert sum(entry.get("n", 1) for entry in own.shown.values()) == 1
    assert sum(entry.get("n", 1) for entry in other.shown.values()) == 29


def test_who_moves_to_another_unit_disappears_from_the_old_ones_maps() -> None:
    story = Story()
    near, far = story.look(NEAR, "00010001"), story.look(FAR, "00010001")
    story.report(1, "00010001", 119.88, 29.45)
    story.turn()
    assert (len(near.shown), len(far.shown)) == (1, 1)

    story.report(1, "00010002", 119.88, 29.45)
    story.turn()

    assert (near.shown, far.shown) == ({}, {})


def test_ages_change_and_dots_go_although_nobody_reports() -> None:
    story = Story()
    near, far = story.look(NEAR, "0001"), story.look(FAR, "0001")
    story.report(1, "0001", 119.88, 29.45)
    seen = []
    for seconds in (0, 90, 1, 509, 1, 2_999, 1):
        story.at += seconds * SECOND
        story.turn()
        seen.append(
            ([p["age"] for p in near.shown.values()], [(c["n"], c["live"]) for c in far.shown.values()])
        )

    assert seen == [
        (["live"], [(1, 1)]),
        (["live"], [(1, 1)]),
        (["stale"], [(1, 0)]),
        (["stale"], [(1, 0)]),
        (["expired"], [(1, 0)]),
        (["expired"], [(1, 0)]),
        ([], []),
    ]
    assert not story.world.dots


def crowd(story: Story, size: int, second: int) -> None:
    for person in range(size):
        lon, lat = 119.8 + person % 100 / 500, 29.4 + person / 60_000 + second / 10_000
        story.report(person, "0001", round(lon, 5), round(lat, 5))


def test_five_thousand_on_one_screen_stay_within_the_bytes_and_nobody_starves() -> None:
    story = Story()
    console = story.look(NEAR, "0001")
    turns = 12
    for second in range(turns):
        crowd(story, 5_000, second)
        story.turn()

    assert len(console.texts) == turns, "one frame a turn"
    assert max(len(encode_frame(text)) for text in console.texts) <= MAX_BYTES
    assert min(len(text) for text in console.texts) > MAX_BYTES * 0.99
    assert len(console.shown) == 5_000, "everybody has been told of once"
    for _ in range(10):
        story.turn()
    assert console.shown == story.expected(console)
    assert not story.picture(console).cohorts[0].pending


def test_consoles_that_never_catch_up_are_sent_the_same_frames_after_all() -> None:
    story = Story()
    consoles = []
    for second in range(20):
        if second < 10:
            consoles.append(story.look(NEAR, "0001"))
        crowd(story, 5_000, second)
        story.turn()

    assert len({console.texts[-1] for console in consoles}) == 1
    assert len(story.picture(consoles[0]).cohorts) == 1


def test_the_first_frame_begins_in_the_middle_of_the_screen() -> None:
    story = Story(room=700)
    middle = NEAR.west / E5 / 2 + NEAR.east / E5 / 2
    for person in range(200):
        story.report(person, "0001", round(119.8 + person / 1_000, 5), 29.45)
    console = story.look(NEAR, "0001")
    story.turn()

    assert 0 < len(console.shown) < 10
    assert all(abs(entry["lon"] - middle) < 0.06 for entry in console.shown.values())


def test_everybody_on_the_screen_is_in_a_cell_of_the_picture() -> None:
    story = Story()
    west, south, east, north = 119.6, 29.3, 120.2, 29.6
    console = story.look(TOWN, "0001")
    for person in range(2_000):
        lon, lat = west + person % 50 / 49 * (east - west), south + person // 50 / 39 * (north - south)
        story.report(person, "0001", round(lon, 5), round(lat, 5))
    story.turn()

    assert sum(cell["n"] for cell in console.shown.values()) == 2_000


def test_a_picture_is_shared_and_taken_down_when_the_last_has_left() -> None:
    story = Story()
    one, two = story.look(FAR, "0001"), story.look(FAR, "0001")
    story.report(1, "0001", 119.88, 29.45)
    story.turn()
    picture = story.picture(one)
    assert len(story.world.pictures) == 1
    assert one.texts == two.texts

    for console in (one, two):
        picture.leave(console.phone.connection)
    story.turn()

    assert not story.world.pictures


@pytest.mark.parametrize("zoom", [0, 3, 9, 12, 17, 24])
def test_a_window_touches_few_tiles_however_wide_it_is_asked(zoom: float) -> None:
    for bbox in ([-180.0, -90.0, 180.0, 90.0], [119.0, 20.0, 150.0, 60.0], [120.0, 30.0, 120.0, 30.0]):
        window = Window.of(Viewport(bbox=bbox, zoom=zoom))
        assert len(window.tiles()) <= (WIDEST_PX / 256 + 4) ** 2
        assert window.tiles()
