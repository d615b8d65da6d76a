"""Generates a province of 2,300,000 volunteers, the same each time, in a database that is kept between runs."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
from psycopg import sql
from tqdm import tqdm

from benchmarks.roster_naive import MAKE_NAIVE
from simulator.throwaway import DEFAULT_POSTGRES, postgres_database

ROOT = Path(__file__).resolve().parents[1]
KEPT = "muster_bench_roster"
PEOPLE, UNITS, POSITIONS = 2_300_000, 35_000, 150_000
SEED = 330_000
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""The fixed present of the data: duty and positions of a kept database do not expire."""
SECRET_KEY = "bench-" + "k" * 40
CORPS, COUNTIES, BRIGADES = 11, 90, 1_387

# The most common surnames of Zhejiang, and how many of a thousand people have each.
SURNAMES = {
    surname: share
    for share, surnames in (
        (79, "陈"),
        (68, "王"),
        (51, "张"),
        (40, "李 徐"),
        (33, "吴 周"),
        (26, "朱 金 林"),
        (21, "沈 叶 黄 胡 章 杨"),
        (15, "郑 潘 郭 俞 刘 蒋 赵 何"),
        (10, "孙 方 许 夏 戴 施 余 钱 董 汪 洪 高 陆 姚 马"),
        (6, "邵 丁 邱 程 蔡 楼 任 毛 傅 谢 屠 包 魏 姜 柳 严 范 袁 冯 唐 苏 梁 卢 宋 罗"),
        (3, "韩 邓 曹 彭 曾 萧 田 杜 于 宣 温 童 倪 应 翁 阮 盛 褚 诸葛 欧阳 邢 项 尹 骆 缪 江"),
    )
    for surname in surnames.split()
}
GIVEN = (
    "建国秀英明华丽芳伟军平红文海玉兰燕梅春霞飞勇强杰敏静涛超娟艳洁刚峰辉琴珍莲菊凤仙云龙金银水根土木火星月晓小大志"
    "庆卫东向阳永福寿康宁雪晨宇轩浩子涵欣怡佳琪"
)
SKILLS = {
    "patrol": 0.30,
    "community": 0.20,
    "first-aid": 0.15,
    "environment": 0.12,
    "care": 0.10,
    "rescue": 0.06,
    "radio": 0.04,
    "healthcare": 0.04,
    "drone": 0.01,
    "boat": 0.008,
}
_BLOCK = 2_000
"""People whose lines are sent together."""
_LOADED = ("accounts_user", "volunteers_volunteer", "volunteers_membership", "volunteers_volunteer_skills")


@dataclass(frozen=True, slots=True)
class Place:
    """A unit as the generator needs it."""

    id: int
    path: str
    lon: float
    lat: float


@contextmanager
def force(people: int, *, fresh: bool) -> Iterator[float]:
    """Point Django at a database with so many people; yield the seconds that it took to make, 0 for a kept one.

    The one of 2,300,000 is kept until the schema or this generator changes; others are dropped afterwards.
    """
    with ExitStack() as stack:
        if people == PEOPLE:
            url, made = _kept_database(fresh)
        else:
            url, made = stack.enter_context(postgres_database("bench_roster")), True
        _set_up_django(url)
        took = _fill(people) if made else 0.0
        if made and people == PEOPLE:
            _stamp()
        yield took


def _kept_database(fresh: bool) -> tuple[str, bool]:
    """Return the URL of the kept database, and whether it is new and empty."""
    given = os.environ.get("DATABASE_URL", "")
    server = urlunsplit(
        urlsplit(given if given.startswith("postgres") else DEFAULT_POSTGRES)._replace(path="/postgres")
    )
    url = urlunsplit(urlsplit(server)._replace(path=f"/{KEPT}"))
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [KEPT]
        ).fetchone()
        if found and found[0] == version() and not fresh:
            return url, False
        name = sql.Identifier(KEPT)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return url, True


def version() -> str:
    """Return the version of a kept database: the schema, the generator, the naive schema."""
    files = [*sorted((ROOT / "backend").glob("*/migrations/*.py")), Path(__file__)]
    content = hashlib.sha256(repr(MAKE_NAIVE).encode())
    for file in files:
        content.update(file.read_bytes())
    return content.hexdigest()[:16]


def _set_up_django(url: str) -> None:
    os.environ.update(
        DATABASE_URL=url, SECRET_KEY=SECRET_KEY, DJANGO_SETTINGS_MODULE="backend.config.settings"
    )
    import django

    django.setup()


def _stamp() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {KEPT} IS '{version()}'")


# --- writing ------------------------------------------------------------------------------------------------------


def _fill(people: int) -> float:
    """Migrate, and write all rows; return the seconds it took."""
    import time

    from django.core.management import call_command
    from django.db import connection

    began = time.monotonic()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        indexes = _drop_indexes(cursor)
        units = _units(people)
        _write_units(units)
        _write_people(people, units)
        for step in tqdm(
            [*indexes, *MAKE_NAIVE, *_sequences(), _COUNTS, "ANALYZE"], desc="indexes", disable=None
        ):
            cursor.execute(step)
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as vacuum:
        vacuum.execute("VACUUM")
    return time.monotonic() - began


_COUNTS = """
    INSERT INTO volunteers_unitcount (unit_id, path, members, on_duty, reachable, counted_at)
    SELECT t.id, t.path, count(v.id), count(v.duty_until), count(v.duty_until), now() FROM volunteers_unit t
    LEFT JOIN volunteers_membership m ON m.unit_id = t.id AND m.is_primary
    LEFT JOIN volunteers_volunteer v ON v.id = m.volunteer_id GROUP BY t.id, t.path
"""
"""A person on duty has one device, a person off duty none."""


def _drop_indexes(cursor: Any) -> list[str]:
    """Drop the indexes and unique constraints of the large tables; return the statements that create them again."""
    cursor.execute(
        """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
            format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype = 'u' AND conrelid = ANY(%s::regclass[])
        UNION ALL
        SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = ANY(%s::regclass[])
            AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conindid <> 0)
        """,
        [list(_LOADED), list(_LOADED)],
    )
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    return [make for _, make in found]


def _sequences() -> list[str]:
    tables = (*_LOADED, "volunteers_unit", "volunteers_post")
    return [f"SELECT setval(pg_get_serial_sequence('{t}', 'id'), (SELECT max(id) FROM {t}))" for t in tables]


class _Lines:
    """Lines for COPY into the table of a model: the given columns, and the defaults of all others."""

    def __init__(self, model: Any, *columns: str) -> None:
        from django.db import connection

        meta = model._meta  # noqa: SLF001  # the documented way to a model's fields
        rest = {
            field.column: field.get_db_prep_save(field.get_default(), connection)
            for field in meta.concrete_fields
            if field.column not in columns and not field.generated and field.column != "id"
        }
        constant = {column: value for column, value in rest.items() if value is not None}
        self._end = "".join(f"\t{_text(value)}" for value in constant.values()) + "\n"
        names = ", ".join(f'"{name}"' for name in (*columns, *constant))
        self._connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        self._connection.execute("SET session_replication_role = replica")  # foreign keys are not resolved
        self._connection.execute("SET synchronous_commit = off")
        self._copying = self._connection.cursor().copy(f'COPY "{meta.db_table}" ({names}) FROM STDIN')
        self._copy = self._copying.__enter__()
        self._lines: list[str] = []

    def add(self, *values: object) -> None:
        """Add one row; texts hold neither tabs nor backslashes."""
        self._lines.append("\t".join(map(_text, values)) + self._end)

    def flush(self) -> None:
        """Send the added rows."""
        self._copy.write("".join(self._lines))
        self._lines = []

    def close(self) -> None:
        """Send the remaining rows and end."""
        self.flush()
        self._copying.__exit__(None, None, None)
        self._connection.close()


def _text(value: object) -> str:
    if value is True or value is False:
        return "t" if value else "f"
    return "\\N" if value is None else str(value)


# --- units --------------------------------------------------------------------------------------------------------


def make_units(people: int) -> None:
    """Write the units alone, as many as for so many people."""
    _write_units(_units(people))


def _units(people: int) -> dict[int, list[Place]]:
    """Return the units by depth; fewer people have fewer units, at every level."""
    chance = Random(SEED)
    share = min(1.0, people / PEOPLE)
    squadrons = UNITS - 1 - CORPS - COUNTIES - BRIGADES
    sizes = [
        CORPS,
        max(CORPS, round(COUNTIES * share)),
        max(CORPS, round(BRIGADES * share)),
        max(40, round(squadrons * share)),
    ]
    found = {1: [Place(1, "0001", 120.0, 29.2)]}
    next_id = 2
    for depth, (count, spread) in enumerate(zip(sizes, (0.9, 0.35, 0.08, 0.02), strict=True), start=2):
        above, children = found[depth - 1], [0] * len(found[depth - 1])
        weights = list(accumulate(chance.lognormvariate(0, 0.4) for _ in above))
        level = []
        for n in range(count):
            index = n if n < len(above) else chance.choices(range(len(above)), cum_weights=weights)[0]
            children[index] += 1
            parent = above[index]
            lon, lat = chance.gauss(parent.lon, spread), chance.gauss(parent.lat, spread)
            level.append(Place(next_id, f"{parent.path}{_step(children[index])}", lon, lat))
            next_id += 1
        found[depth] = level
    return found


def _step(position: int) -> str:
    from backend.volunteers.models import Unit

    return str(Unit.numconv_obj().int2str(position)).rjust(Unit.steplen, Unit.alphabet[0])


def _write_units(units: dict[int, list[Place]]) -> None:
    from backend.volunteers.models import Unit, UnitKind
    from backend.volunteers.number_scheme import check_character

    below: dict[str, int] = {}
    for level in units.values():
        for unit in level:
            below[unit.path[:-4]] = below.get(unit.path[:-4], 0) + 1
    lines = _Lines(
        Unit,
        "id",
        "path",
        "depth",
        "numchild",
        "kind",
        "number",
        "official_name",
        "display_name",
        "lon",
        "lat",
    )
    kinds = list(UnitKind.values)
    for depth, level in units.items():
        for unit in level:
            # Numbers in the order of the ids: a parent has more units in the benchmark than real numbers could name.
            digits = f"{unit.id:09d}"
            name = f"{kinds[depth - 1]} {unit.id}"
            lines.add(
                *(unit.id, unit.path, depth, below.get(unit.path, 0), kinds[depth - 1]),
                *(digits + check_character(digits), name, name, unit.lon, unit.lat),
            )
    lines.close()


# --- people -------------------------------------------------------------------------------------------------------


def _write_people(people: int, units: dict[int, list[Place]]) -> None:
    from backend.accounts.models import Device, User
    from backend.tracking.models import LatestPosition
    from backend.volunteers.models import Membership, Post, Skill, Volunteer

    tables = {
        "user": _Lines(User, "id", "password", "phone_sealed", "phone_key", "phone_tail_key"),
        "volunteer": _Lines(
            Volunteer, "id", "user_id", "number", "name", "born_on", "duty_since", "duty_until"
        ),
        "membership": _Lines(
            Membership,
            *(
                "id",
                "volunteer_id",
                "unit_id",
                "is_primary",
                "unit_path",
                "county",
                "name",
                "pinyin",
                "initials",
            ),
        ),
        "skill": _Lines(Volunteer.skills.through, "volunteer_id", "skill_id"),
        "post": _Lines(Post, "volunteer_id", "unit_id", "role", "seat", "from_at"),
        "device": _Lines(Device, "id", "user_id", "platform", "created_at", "last_seen_at", "session"),
        "position": _Lines(LatestPosition, "person", "scope", "at", "received_at", "lon", "lat"),
    }
    skills = dict(Skill.objects.values_list("code", "pk"))
    crowd = _crowd(people, units, {skills[code]: share for code, share in SKILLS.items()}, tables)
    for _ in tqdm(crowd, total=-(-people // _BLOCK), desc=f"people ({_BLOCK:,})", disable=None):
        for table in tables.values():
            table.flush()
    for table in tables.values():
        table.close()


def _crowd(
    people: int, units: dict[int, list[Place]], skills: dict[int, float], tables: dict[str, _Lines]
) -> Iterator[None]:
    """Add the lines of all people, and yield after each block."""
    chance = Random(SEED + 1)
    homes, staff = _homes(people, units, chance), {unit.id for unit in units[5]}
    numbers, ready = _numbers(people, chance), min(POSITIONS, people // 2)
    on_duty = set(chance.sample(range(people), ready))
    invent = _Names(chance)
    for n, (home, number) in enumerate(zip(homes, numbers, strict=True)):
        id = n + 1
        _add_person(tables, id, number, invent.name(), home, n in on_duty, chance)
        for skill, share in skills.items():
            if chance.random() < share:
                tables["skill"].add(id, skill)
        if home.id in staff:
            staff.remove(home.id)
            tables["post"].add(id, home.id, "leader", 1, AT - timedelta(days=30))
        if id % _BLOCK == 0:
            yield
    yield


def _add_person(
    tables: dict[str, _Lines],
    id: int,
    number: int,
    name: tuple[str, str, str],
    home: Place,
    on_duty: bool,
    chance: Random,
) -> None:
    from backend.accounts.models import phone_key
    from backend.lib.encryption import seal

    phone = f"100{id * 1_009 % 99_999_989:08d}"  # no mobile phone begins with 100
    born = date(1950 + int(chance.random() * 55), 6, 1)
    since, until = (AT - timedelta(hours=1), AT + timedelta(hours=8)) if on_duty else (None, None)
    tables["user"].add(id, "!", seal(phone, "phone"), phone_key(phone), _tail_key(phone))
    tables["volunteer"].add(id, id, number, name[0], born, since, until)
    tables["membership"].add(id, id, home.id, True, home.path, home.path[:12], *name)
    if on_duty:
        lon, lat = chance.gauss(home.lon, 0.01), chance.gauss(home.lat, 0.01)
        tables["position"].add(number, home.path, AT, AT, lon, lat)
        tables["device"].add(UUID(int=id), id, "android", AT, AT, UUID(int=id))


_tails: dict[str, str] = {}


def _tail_key(phone: str) -> str:
    from backend.accounts.models import phone_tail_key

    tail = phone[-4:]
    if tail not in _tails:
        _tails[tail] = phone_tail_key(phone)
    return _tails[tail]


def _homes(people: int, units: dict[int, list[Place]], chance: Random) -> list[Place]:
    """Return the unit of each person: one in two thousand is above the squadrons, whose sizes differ as in reality."""
    squadrons, above = units[5], [unit for depth in range(1, 5) for unit in units[depth]]
    weights = list(accumulate(chance.lognormvariate(0, 0.6) for _ in squadrons))
    homes = chance.choices(squadrons, cum_weights=weights, k=people)
    for n in range(0, people, 2_000):
        homes[n] = chance.choice(above)
    return homes


def _numbers(people: int, chance: Random) -> Sequence[int]:
    """Return numbers in scattered order, with their check digits."""
    serials = chance.sample(range(1_000_000, 9_000_000), min(8_000_000, people * 10 // 9 + 1_000))
    return [serial * 10 + check for serial in serials if (check := _check(serial)) < 10][:people]


def _check(serial: int) -> int:
    """Return the check character of ISO 7064 MOD 11-2 as a number, 10 for X; ten times as fast as the library."""
    sum, weight = 0, 2
    while serial:
        serial, digit = divmod(serial, 10)
        sum += digit * weight
        weight = weight * 2 % 11
    return (1 - sum) % 11


class _Names:
    """Generates names; each character has its own reading, which is quicker than a look-up of each name."""

    def __init__(self, chance: Random) -> None:
        from backend.lib.readings import sound_of

        self._chance = chance
        self._surnames, self._surname_weights = list(SURNAMES), list(accumulate(SURNAMES.values()))
        self._given = list(GIVEN)
        self._given_weights = list(accumulate(1 / (rank + 5) for rank in range(len(GIVEN))))
        self._sounds = {part: sound_of(part) for part in {*self._surnames, *GIVEN}}

    def name(self) -> tuple[str, str, str]:
        """Return a name, its pinyin and its initials."""
        choices = self._chance.choices
        given = choices(
            self._given, cum_weights=self._given_weights, k=2 if self._chance.random() < 0.8 else 1
        )
        parts = [*choices(self._surnames, cum_weights=self._surname_weights), *given]
        sounds = [self._sounds[part] for part in parts]
        return (
            "".join(parts),
            "".join(sound.pinyin for sound in sounds),
            "".join(sound.initials for sound in sounds),
        )
