"""Rosters of 2,300,000 volunteers in 35,000 units: lookups, searches, counts, pages, nearest people, imports."""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import asin, cos, radians, sin, sqrt
from random import Random
from typing import Any

from benchmarks import roster_naive as naive
from benchmarks.report import Report, median, quantile
from benchmarks.roster_force import AT, PEOPLE, force
from benchmarks.roster_import import import_figures

LIMITS = {
    "lookup_p99_ms": 3.0,
    "children_counts_ms": 20.0,
    "page_1000_ratio": 1.5,
    "prefix_ms": 30.0,
    "nearest_ms": 20.0,
}
SKILL, RARE_SKILL = "first-aid", "drone"
PREFIXES = ("王", "陈建", "wang", "chenj", "w", "zjg", "欧阳")
WANTED = 50


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--people", type=int, default=PEOPLE, metavar="N", help=f"volunteers ({PEOPLE})")
    parser.add_argument("--fresh", action="store_true", help="make the kept database anew")
    parser.add_argument("--lookups", type=int, default=2_000, metavar="N", help="numbers looked up (2000)")
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="repetitions of the rest (30)")
    parser.add_argument(
        "--import-rows", type=int, default=None, metavar="N", help="rows imported (all people)"
    )
    parser.add_argument(
        "--slack", type=float, default=1.0, metavar="X", help="how often what is wanted may be passed"
    )


def run(options: argparse.Namespace) -> Report:
    """Make the province unless it is kept, and measure ours beside the naive schema."""
    with force(options.people, fresh=options.fresh) as made_s:
        figures: dict[str, Any] = {"people": options.people, "generated_s": round(made_s, 1)}
        ratios: dict[str, float] = {}
        chance = Random(7)
        for measure in (_look_up, _children, _pages, _prefixes, _nearest):
            began = time.monotonic()
            found, naive_ratios = measure(chance, options)
            figures |= found
            ratios |= naive_ratios
            print(f"  {measure.__name__.strip('_')}: {time.monotonic() - began:.0f} s {found}", flush=True)
        figures |= _sizes(options.people)
        figures |= import_figures(options.import_rows or options.people)
        return _report(figures, ratios, options.slack)


def _report(figures: dict[str, Any], ratios: dict[str, float], slack: float) -> Report:
    wanted = {name: limit * slack for name, limit in LIMITS.items()}
    ratios = {**ratios, **{f"{name}_of_wanted": figures[name] / limit for name, limit in wanted.items()}}
    ratios["nearest_recall"] = figures["nearest_recall"]
    lines = [f"{name:28} {value}" for name, value in figures.items()]
    return Report(
        name="roster",
        figures=figures,
        ratios=ratios,
        targets={"nearest_recall": 1.0},
        limits={f"{name}_of_wanted": 1.0 for name in LIMITS},
        lines=lines,
    )


# --- clocks -------------------------------------------------------------------------------------------------------


class DatabaseClock:
    """Adds up the time that statements spend in the database."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self, execute: Any, *rest: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*rest)
        finally:
            self.ms += (time.perf_counter() - began) * 1_000


@contextmanager
def database_clock() -> Iterator[DatabaseClock]:
    """Time the statements of the block."""
    from django.db import connection

    clock = DatabaseClock()
    with connection.execute_wrapper(clock):
        yield clock


def timed(act: Callable[[], Any]) -> float:
    """Return the milliseconds of an act, Python's part included."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1_000


def naive_ms(statement: str, parameters: Sequence[Any]) -> float:
    """Return the milliseconds of a statement of the naive schema."""
    from django.db import connection

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            cursor.fetchall()

    return timed(ask)


Measured = tuple[dict[str, Any], dict[str, float]]


# --- measurements -------------------------------------------------------------------------------------------------


def _look_up(chance: Random, options: argparse.Namespace) -> Measured:
    """Find people by their numbers: the time in the database, and a whole search on a roster."""
    from backend.accounts.models import User
    from backend.volunteers.models import Volunteer

    numbers = _some_numbers(chance, options.lookups)
    waits = []
    for number in numbers:
        with database_clock() as clock:
            Volunteer.objects.select_related("user").get(number=number)
        waits.append(clock.ms)
    top, someone = _unit_at("0001"), User.objects.all()[0]
    searches = [timed(lambda n=number: _page(top, someone, search=str(n))) for number in numbers[:200]]  # type: ignore[misc]
    slow = median([naive_ms(naive.LOOK_UP, [f"%{number}%"]) for number in numbers[:3]])
    figures = {
        "lookup_p50_ms": round(quantile(waits, 0.5), 3),
        "lookup_p99_ms": round(quantile(waits, 0.99), 3),
        "search_number_p99_ms": round(quantile(searches, 0.99), 2),
        "lookup_naive_ms": round(slow, 1),
    }
    return figures, {"lookup_naive": slow / quantile(waits, 0.5)}


def _children(chance: Random, _: argparse.Namespace) -> Measured:
    """Count the people on duty below every child: of headquarters, all corps, and some units of each other level."""
    from django.db import connection

    from backend.volunteers.models import Unit
    from backend.volunteers.queries import counts_of_children

    units = list(Unit.objects.filter(depth__lte=2))
    for depth in (3, 4):
        level = list(Unit.objects.filter(depth=depth).order_by("-numchild")[:200])
        units += level[:3] + chance.sample(level, min(5, len(level)))
    waits = {unit: median([timed(lambda u=unit: counts_of_children(u)) for _ in range(7)]) for unit in units}  # type: ignore[misc]
    worst = max(waits, key=lambda unit: waits[unit])
    top = next(unit for unit in units if unit.depth == 1)
    with database_clock() as clock:
        ours = [row.on_duty for row in counts_of_children(top)]
    with connection.cursor() as cursor:
        found: list[int] = []
        slow = timed(lambda: found.extend(naive.children_counts(cursor, top.pk)))
    assert sorted(found) == sorted(ours), "both schemas count the same people"
    figures = {
        "children_counts_ms": round(waits[worst], 2),
        "children_counts_worst": f"{worst.kind} with {worst.numchild} children",
        "children_counts_database_ms": round(clock.ms, 2),
        "children_counts_naive_ms": round(slow, 1),
    }
    return figures, {"children_counts_naive": slow / waits[top]}


def _pages(_: Random, options: argparse.Namespace) -> Measured:
    """Read page 1 and page 1,000 (or the last) of the whole roster, in turn."""
    from backend.accounts.models import User
    from backend.rosters.queries.roster import PAGE, _cursor
    from backend.volunteers.models import Membership

    top, someone = _unit_at("0001"), User.objects.all()[0]
    turned = min(999, options.people // PAGE - 2)
    before = Membership.objects.order_by("unit_path", "pk")[turned * PAGE - 1]
    cursor = _cursor(before)
    first, later = [], []
    for turn in range(options.rounds + 1):
        one, other = timed(lambda: _page(top, someone)), timed(lambda: _page(top, someone, after=cursor))
        if turn:
            first.append(one)
            later.append(other)
    slow = naive_ms(naive.PAGE, [top.pk, turned * PAGE])
    figures = {
        "page_1_ms": round(median(first), 2),
        "page_1000_ms": round(median(later), 2),
        "page_1000_ratio": round(median(later) / median(first), 3),
        "page_1000_naive_ms": round(slow, 1),
        "page": turned + 1,
    }
    return figures, {"page_1000_naive": slow / median(later)}


def _prefixes(chance: Random, options: argparse.Namespace) -> Measured:
    """Search by the beginning of a name, in characters, pinyin and initials, within counties."""
    from backend.accounts.models import User
    from backend.volunteers.models import Unit

    counties = chance.sample(list(Unit.objects.filter(depth=3)), 8)
    someone = User.objects.all()[0]
    waits: dict[str, list[float]] = {prefix: [] for prefix in PREFIXES}
    for _ in range(max(1, options.rounds // 10)):
        for county in counties:
            for prefix in PREFIXES:
                waits[prefix].append(timed(lambda u=county, p=prefix: _page(u, someone, search=p)))  # type: ignore[misc]
    everything = [wait for each in waits.values() for wait in each]
    slow = median([naive_ms(naive.PREFIX, [county.pk, "陈建%"]) for county in counties[:3]])
    top = _unit_at("0001")
    wide = [timed(lambda p=prefix: _page(top, someone, search=p)) for prefix in PREFIXES]  # type: ignore[misc]
    figures = {
        "prefix_ms": round(quantile(everything, 0.95), 2),
        "prefix_p50_ms": round(median(everything), 2),
        "prefix_slowest": max(waits, key=lambda prefix: median(waits[prefix])),
        "prefix_province_ms": round(max(wide), 1),
        "prefix_naive_ms": round(slow, 1),
    }
    return figures, {"prefix_naive": slow / median(waits["陈建"])}


def _nearest(chance: Random, options: argparse.Namespace) -> Measured:
    """Find the 50 nearest with a common and with a rare skill, compared with the distances of all people."""
    from backend.volunteers.models import Unit

    top = _unit_at("0001")
    units = list(Unit.objects.filter(depth=5).order_by("pk"))
    places = [
        (chance.gauss(unit.lon or 0, 0.02), chance.gauss(unit.lat or 0, 0.02))
        for unit in chance.sample(units, min(options.rounds, len(units)))
    ]
    figures: dict[str, Any] = {}
    for skill, name in ((SKILL, "nearest"), (RARE_SKILL, "nearest_rare")):
        for place in places[:3]:
            _near(place, skill, top)
        waits = [timed(lambda p=place, s=skill: _near(p, s, top)) for place in places]  # type: ignore[misc]
        figures[f"{name}_ms"] = round(median(waits), 2)
        figures[f"{name}_p95_ms"] = round(quantile(waits, 0.95), 2)
        figures[f"{name}_recall"] = _recall(places, skill, top)
    slow = median([naive_ms(naive.NEAREST, [place[1], place[1], place[0], SKILL]) for place in places[:5]])
    figures["nearest_naive_ms"] = round(slow, 1)
    return figures, {"nearest_naive": slow / figures["nearest_ms"]}


def _near(place: tuple[float, float], skill: str, unit: Any) -> list[int]:
    from backend.tracking.queries.nearest import nearest_on_duty

    near = nearest_on_duty(*place, skills=[skill], within_unit=unit, limit=WANTED, at=AT)
    return [one.person.number for one in near]


def _recall(places: Sequence[tuple[float, float]], skill: str, unit: Any) -> float:
    """Return the found share of the truly nearest: all people are compared, by haversine and then geodesic."""
    from backend.lib.geo import distance_m
    from backend.tracking.models import LatestPosition
    from backend.volunteers.models import Volunteer

    able = Volunteer.objects.filter(skills__code=skill, duty_until__gt=AT).values_list("number", flat=True)
    spots = dict.fromkeys(able, (0.0, 0.0))
    for number, lon, lat in LatestPosition.objects.values_list("person", "lon", "lat").iterator():
        if number in spots:
            spots[number] = (lon, lat)
    right = wanted = 0
    for place in places:
        rough = {number: _haversine_m(*place, *spot) for number, spot in spots.items()}
        # A sphere is wrong by half a per cent: a person 5 % farther than the last is surely not among the nearest.
        edge = sorted(rough.values())[min(WANTED, len(rough)) - 1] * 1.05
        close = [number for number, metres in rough.items() if metres <= edge]
        truly = sorted(close, key=lambda number: distance_m(*place, *spots[number]))[:WANTED]
        right += len(set(truly) & set(_near(place, skill, unit)))
        wanted += len(truly)
    return right / wanted


def _haversine_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    north, east = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    return 12_742_018 * asin(
        sqrt(sin(north) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east) ** 2)
    )


def _sizes(people: int) -> dict[str, Any]:
    """Return the size of the database on disk, without the naive schema."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'public' AND relkind = 'r' ORDER BY 2 DESC"
        )
        sizes = dict(cursor.fetchall())
    whole = sum(sizes.values())
    largest = {name: round(size / 1e6) for name, size in list(sizes.items())[:6]}
    return {
        "disk_mb": round(whole / 1e6),
        "disk_bytes_per_person": round(whole / people),
        "disk_mb_by_table": largest,
    }


# --- shared -------------------------------------------------------------------------------------------------------


def _some_numbers(chance: Random, count: int) -> list[int]:
    from backend.volunteers.models import Volunteer

    last = Volunteer.objects.order_by("-pk").values_list("pk", flat=True)[0]
    keys = [chance.randint(1, last) for _ in range(count)]
    found = dict(Volunteer.objects.filter(pk__in=keys).values_list("pk", "number"))
    return [found[key] for key in keys]


def _unit_at(path: str) -> Any:
    from backend.volunteers.models import Unit

    return Unit.objects.get(path=path)


def _page(unit: Any, by: Any, **wanted: Any) -> Any:
    from backend.rosters.queries.roster import roster_page

    return roster_page(unit, by=by, at=AT, **wanted)
