"""The formation follows the divisions: once, again, and after they have changed."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from backend.console.management.commands.load_formation import SHIPPED
from backend.lib.divisions import (
    Division,
    display_name,
    places,
    read_counties,
    read_divisions,
    read_towns,
)
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.services.formation import FormationChanges, load_formation

Row = tuple[str, str, str, str]
Load = Callable[[list[Row]], FormationChanges]
ROWS = [
    ("33", "浙江省", "province", ""),
    ("3307", "金华市", "city", "33"),
    ("330726", "浦江县", "county", "3307"),
    ("330726001", "浦南街道", "town", "330726"),
    ("330726002", "仙华街道", "town", "330726"),
    ("330726001001", "文溪社区居民委员会", "village", "330726001"),
    ("330726001002", "江滨社区居民委员会", "village", "330726001"),
    ("330726002001", "仙华村村民委员会", "village", "330726002"),
]


@pytest.fixture
def load(db: None, tmp_path: Path, at: datetime) -> Load:
    """Return a way to load rows as a file of divisions."""

    def load(rows: list[Row]) -> FormationChanges:
        file = tmp_path / "divisions.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([("code", "name", "level", "parent_code"), *rows])
        return load_formation(read_divisions(file), places={}, at=at)

    return load


def written(code: str) -> str:
    return format_unit_number(Unit.objects.get(division_code=code).number)


def test_load_makes_a_sound_tree_with_numbers(load: Load) -> None:
    changes = load(ROWS)

    assert changes.created == 8
    assert Unit.objects.find_problems() == ([], [], [], [], [])
    assert [written(code) for code, *_ in ROWS] == [
        "00-00-00-000-1",
        "07-00-00-000-2",
        "07-26-00-000-0",
        "07-26-01-000-6",
        "07-26-02-000-1",
        "07-26-01-001-4",
        "07-26-01-002-2",
        "07-26-02-001-X",
    ]
    town = Unit.objects.get(division_code="330726001")
    assert (town.kind, town.level, town.numchild) == ("brigade", 3, 2)
    village = Unit.objects.get(division_code="330726001001")
    assert (village.official_name, village.display_name) == ("文溪社区居民委员会", "文溪社区")


def test_load_again_changes_nothing(load: Load) -> None:
    load(ROWS)
    before = list(Unit.objects.values())

    assert not load(ROWS)
    assert list(Unit.objects.values()) == before


def test_load_gives_new_divisions_the_next_number(load: Load) -> None:
    load(ROWS)
    town, village = (
        ("330726000", "新街道", "town", "330726"),
        ("330726001000", "新社区", "village", "330726001"),
    )

    changes = load([*ROWS, town, village])

    assert changes.created == 2
    assert (written("330726000")[:8], written("330726001000")[:12]) == ("07-26-03", "07-26-01-003")
    assert written("330726001001") == "07-26-01-001-4"
    assert Unit.objects.find_problems() == ([], [], [], [], [])
    assert Unit.objects.get(division_code="330726001").numchild == 3


def test_load_renames(load: Load) -> None:
    load(ROWS)

    changes = load([*ROWS[:-1], ("330726002001", "登高村村民委员会", "village", "330726002")])

    assert changes.renamed == ["330726002001 仙华村村民委员会 → 登高村村民委员会"]
    assert Unit.objects.get(division_code="330726002001").display_name == "登高村"


def test_load_moves_with_everything_below_and_keeps_numbers(load: Load) -> None:
    other = ("330727", "磐安县", "county", "3307")
    load([*ROWS, other])
    number = written("330726001001")

    changes = load([*ROWS[:3], ("330726001", "浦南街道", "town", "330727"), *ROWS[4:], other])

    assert changes.moved == ["330726001 浦南街道 → 330727"]
    assert written("330726001001") == number
    moved, county = (Unit.objects.get(division_code=code) for code in ("330726001001", "330727"))
    assert moved.path.startswith(county.path)
    assert Unit.objects.find_problems() == ([], [], [], [], [])


def test_load_reports_what_has_vanished_and_keeps_it(load: Load) -> None:
    load(ROWS)

    changes = load(ROWS[:-1])

    assert not changes
    assert changes.vanished == ["330726002001 仙华村村民委员会"]
    assert Unit.objects.count() == 8


def test_serial_of_a_vanished_division_is_not_given_again(load: Load) -> None:
    load(ROWS)

    load([*ROWS[:-1], ("330726002009", "新村", "village", "330726002")])

    assert written("330726002009").startswith("07-26-02-002")


@pytest.mark.parametrize(
    "row",
    [
        ("330726009001", "无", "village", "330726009"),
        ("33", "浙江省", "province", ""),
        ("34", "安徽省", "province", ""),
    ],
)
def test_load_refuses_a_file_that_is_no_tree(load: Load, row: Row) -> None:
    with pytest.raises(ValueError, match=r"in the file|one province"):
        load([*ROWS, row])
    assert not Unit.objects.exists()


@pytest.mark.parametrize(
    ("official", "short"),
    [
        ("文溪社区居民委员会", "文溪社区"),
        ("裕民村村民委员会", "裕民村"),
        ("浦江村委会", "浦江村"),
        ("桥头村村委会", "桥头村"),
        ("城南居民委员会", "城南社区"),
        ("清波门社区", "清波门社区"),
        ("黄湖农场生活区", "黄湖农场生活区"),
    ],
)
def test_display_name_leaves_the_committee_out(official: str, short: str) -> None:
    assert display_name(official) == short


def test_shipped_places_lie_in_their_county_and_none_is_made_up() -> None:
    divisions = read_divisions(SHIPPED / "zhejiang_divisions.csv.gz")
    counties = read_counties(SHIPPED / "zj_county_centres.csv")
    towns = read_towns(SHIPPED / "zj_town_places.csv")

    found = places(divisions, counties, towns)

    placed = Counter(division.level for division in divisions if division.code in found)
    assert len(divisions) == 27_036
    assert placed == {0: 1, 1: 11, 2: 90, 3: len(towns)}
    assert [found[code] for code in towns] == list(towns.values())
    for division in divisions:
        if division.level > 1 and division.code in found:
            west, south, east, north = counties[division.code[:6]].box
            lon, lat = found[division.code]
            assert west <= lon <= east, division
            assert south <= lat <= north, division


def test_shipped_towns_carry_the_names_of_the_divisions() -> None:
    names = {row.code: row.name for row in read_divisions(SHIPPED / "zhejiang_divisions.csv.gz")}

    with (SHIPPED / "zj_town_places.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == 728
    assert [row["name"] for row in rows] == [names[row["code"]] for row in rows]


def test_readme_of_the_data_says_how_many_towns_were_found() -> None:
    towns = read_towns(SHIPPED / "zj_town_places.csv")

    text = (SHIPPED / "README.md").read_text(encoding="utf-8")

    assert f"{len(towns)} of the 1,387 towns" in text
    assert "CC BY 4.0" in text


def test_divisions_of_an_unknown_county_have_no_place() -> None:
    divisions = [Division("33", "浙江省", 0, ""), Division("3307", "金华市", 1, "33")]

    assert places(divisions, {}, {}) == {}


def test_command_loads_the_province_and_then_has_nothing_to_do(db: None) -> None:
    first, second = StringIO(), StringIO()

    call_command("load_formation", stdout=first)
    call_command("load_formation", stdout=second)

    assert first.getvalue() == "27036 units made, 0 renamed, 0 moved.\n"
    assert second.getvalue() == "Nothing has changed.\n"
    assert Unit.objects.get(division_code="330726").number == "0726000000"
    known, unknown = (Unit.objects.get(division_code=code) for code in ("330726003", "330726002"))
    village = Unit.objects.filter(division_code__startswith="330726003", depth=5)[0]
    assert (known.display_name, known.lon, known.lat) == ("浦阳街道", 119.88872, 29.45679)
    assert (unknown.display_name, unknown.lon, unknown.lat) == ("仙华街道", None, None)
    assert (village.lon, village.lat) == (None, None)


def test_command_says_which_file_it_cannot_read(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot read the divisions"):
        call_command("load_formation", tmp_path / "missing.csv")
