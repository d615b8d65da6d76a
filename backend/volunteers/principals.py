"""What sockets need to know of their people: two statements for all that come at once, thousands after an outage.

Written in SQL, because the ORM takes longer to build these queries than the database to answer them (measured: 11 ms of
processor time for a hello, against 3 ms).
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import UUIDField

from backend.accounts.tokens import Claims
from backend.lib.dialect import on_postgresql
from backend.realtime.registry import forgets
from backend.volunteers.models import Unit, adult_if_born_until, line_to
from backend.volunteers.models.people import IN_SERVICE_SQL, NOT_RETIRED_SQL
from backend.volunteers.models.posts import HELD_SQL

_HOLDERS = """
    SELECT d.id, d.session, u.id, v.number, v.born_on <= %s, CASE WHEN d.pair_arrived THEN NULL ELSE d.rotated_at END
    FROM accounts_device d
    JOIN accounts_user u ON u.id = d.user_id
    JOIN volunteers_volunteer v ON v.user_id = u.id
    WHERE d.id {among} AND d.revoked_at IS NULL AND u.is_active
"""
_BELONGINGS = f"""
    SELECT v.user_id, 'skill', s.code, '' FROM volunteers_volunteer v
    JOIN volunteers_volunteer_skills has ON has.volunteer_id = v.id
    JOIN volunteers_skill s ON s.id = has.skill_id WHERE v.user_id {{among}}
    UNION ALL
    SELECT v.user_id, 'post', p.role, t.path FROM volunteers_volunteer v
    JOIN volunteers_post p ON p.volunteer_id = v.id JOIN volunteers_unit t ON t.id = p.unit_id
    WHERE v.user_id {{among}} AND {IN_SERVICE_SQL} AND {HELD_SQL}
    UNION ALL
    SELECT v.user_id, 'member', '', t.path FROM volunteers_volunteer v
    JOIN volunteers_membership m ON m.volunteer_id = v.id JOIN volunteers_unit t ON t.id = m.unit_id
    WHERE v.user_id {{among}} AND {NOT_RETIRED_SQL}
"""  # noqa: S608  # the conditions are written beside the models
LINES_KEPT_S = 60
_forgotten = 0
"""How often the cache of lines was cleared."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The person behind a token of a live device."""

    user_id: int
    number: int
    is_adult: bool
    rotated_at: datetime | None
    """When the device's present pair of tokens was made, if the device has not shown one of them yet."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a person has: tags for audiences, and the paths of the units of memberships and current posts."""

    tags: frozenset[str]
    paths: frozenset[str]


NOTHING = Belongings(frozenset(), frozenset())


def holders_of(claims: Sequence[Claims], at: datetime) -> list[Holder | None]:
    """Return the holders of genuine tokens, None where a device or an account has been revoked; one query."""
    uuid = UUIDField()
    among, devices = _among([uuid.get_db_prep_value(claim.device, connection) for claim in claims])
    of_age = connection.ops.adapt_datefield_value(adult_if_born_until(at))
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS.format(among=among), [of_age, *devices])
        rows = cursor.fetchall()
    found = {
        (uuid.to_python(device), uuid.to_python(session), user_id): Holder(
            user_id, number, bool(adult), _moment(rotated)
        )
        for device, session, user_id, number, adult, rotated in rows
    }
    return [found.get((claim.device, claim.session, claim.user_id)) for claim in claims]


def _moment(stored: Any) -> datetime | None:
    """Return a moment as the ORM would: SQLite gives text without a zone."""
    if stored is None or isinstance(stored, datetime):
        return stored
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def belongings_of(user_ids: Sequence[int], at: datetime) -> dict[int, Belongings]:
    """Return what users have at `at`; one query. A user without anything is missing."""
    moment = connection.ops.adapt_datetimefield_value(at)
    among, users = _among(user_ids)
    with connection.cursor() as cursor:
        cursor.execute(_BELONGINGS.format(among=among), [*users, *users, moment, moment, *users])
        rows = cursor.fetchall()
    tags: defaultdict[int, set[str]] = defaultdict(set)
    paths: defaultdict[int, set[str]] = defaultdict(set)
    for user_id, kind, code, path in rows:
        if code:
            tags[user_id].add(f"{kind}:{code}")
        if path:
            paths[user_id].add(path)
    return {
        user_id: Belongings(shared(frozenset(tags[user_id])), frozenset(paths[user_id]))
        for user_id in tags.keys() | paths.keys()
    }


def _among(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the condition of being one of the values, and its parameters: one array where the database has them."""
    if on_postgresql():
        return "= ANY(%s)", [list(values)]
    return f"IN ({', '.join(['%s'] * len(values))})", list(values)


@lru_cache(maxsize=10_000)
def shared(tags: frozenset[str]) -> frozenset[str]:
    """Return equal tags as one object: a few combinations serve thousands of sockets."""
    return tags


def line_topics(paths: Iterable[str]) -> list[str]:
    """Return the topics of the units at `paths` and of all above them, from the top; at most a minute old."""
    age = (int(time.monotonic() // LINES_KEPT_S), _forgotten)
    return list(dict.fromkeys(name for path in sorted(paths) for name in _line(path, age)))


@lru_cache(maxsize=40_000)
def _line(path: str, _age: tuple[int, int]) -> tuple[str, ...]:
    return tuple(
        unit.topic for unit in Unit.objects.filter(path__in=line_to(path)).order_by("path").only("number")
    )


@forgets
def forget_lines() -> None:
    """Clear the cached topics of units, also the topics that are just being read: they may be the old ones."""
    global _forgotten
    _forgotten += 1
    _line.cache_clear()
