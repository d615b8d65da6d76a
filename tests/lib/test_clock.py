"""Time has one source; a rehearsal sets it and lets it run faster."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.accounts.models import User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services import devices
from backend.accounts.tokens import read_access
from backend.lib import clock
from backend.lib.clock import Course, read_course
from simulator.processes import ROOT

SINCE = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


@pytest.fixture
def night() -> Iterator[None]:
    """Let this process live in a night of March, sixty times as fast."""
    clock.follow(Course(NIGHT, clock.machine_now(), 60))
    yield
    clock.follow(None)


def test_a_course_maps_the_time_of_the_machine_and_back() -> None:
    clock.follow(Course(NIGHT, SINCE, 60))
    try:
        later = SINCE + timedelta(minutes=2)

        assert clock.product_time(later) == NIGHT + timedelta(hours=2)
        assert clock.machine_time(NIGHT + timedelta(hours=2)) == later
        assert clock.passing(timedelta(seconds=1)) == timedelta(minutes=1)
    finally:
        clock.follow(None)


def test_without_a_course_it_is_the_time_of_the_machine() -> None:
    before = datetime.now(UTC)

    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.machine_time(before) == before == clock.product_time(before)
    assert read_course("", "", 1.0) is None


@pytest.mark.parametrize(
    ("shows", "since", "rate"),
    [
        ("2026-03-01T22:00:00Z", "", 1.0),
        ("", "2026-11-30T10:00:00", 2.0),
        ("2026-03-01T22:00:00", "2026-11-30T10:00:00Z", 1.0),
        ("yesterday", "2026-11-30T10:00:00Z", 1.0),
        ("", "2026-11-30T10:00:00Z", 0.0),
        ("", "2026-11-30T10:00:00Z", -1.0),
        ("", "2026-11-30T10:00:00Z", float("nan")),
        ("", "2026-11-30T10:00:00Z", 1_001.0),
    ],
)
def test_a_course_that_cannot_be_followed_is_refused(shows: str, since: str, rate: float) -> None:
    with pytest.raises(ValueError, match=r"CLOCK_|isoformat"):
        read_course(shows, since, rate)


@pytest.mark.django_db
@pytest.mark.usefixtures("night")
def test_a_token_of_a_rehearsal_is_good_in_the_machines_time(volunteer: User) -> None:
    began = clock.now()
    device = DeviceIn.model_validate({"id": "0198c0de-0000-7000-8000-000000000001", "name": "phone"})

    given = devices.sign_in(user=volunteer, device=device, at=began)

    claims = read_access(given.tokens.access)
    assert began < claims.expires_at
    # whole seconds of the machine's clock are a minute of this night
    assert abs(claims.expires_at - given.tokens.access_expires_at) <= timedelta(minutes=1)


SOURCES = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
OWNERS = {"datetime", "date", "timezone", "time"}
ALLOWED = {
    "backend/lib/clock.py": "the source itself",
    "backend/realtime/log/bus.py": "how long a message was on its way, for the metrics",
    "backend/realtime/socket/hub.py": "the same, where it arrives",
    "backend/rosters/services/import_turns.py": "a lease between processes: the database's time",
    "backend/tracking/migrations/0001_initial.py": "the partitions that exist when the tables are made",
    "simulator/tracker.py": "the counter of a foreign tracking app, which only grows",
}


def other_sources(path: Path) -> list[int]:
    """Return the lines of a module that read a clock: a call of one, Django's Now(), a default of a column."""
    return [node.lineno for node in ast.walk(ast.parse(path.read_text())) if is_source(node)]  # type: ignore[attr-defined]


def is_source(node: ast.AST) -> bool:
    """Tell whether a piece of a module reads a clock."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return owner in OWNERS and name in SOURCES
        case ast.Call(func=ast.Name(id=name)):
            return name == "Now"
        case ast.keyword(arg=name):
            return name in {"auto_now", "auto_now_add"}
    return False


def test_no_other_source_of_time_is_read() -> None:
    paths = [path for room in ("backend", "simulator") for path in sorted((ROOT / room).rglob("*.py"))]
    found = {str(path.relative_to(ROOT)): other_sources(path) for path in paths}

    assert {path: lines for path, lines in found.items() if lines and path not in ALLOWED} == {}
    assert [path for path in ALLOWED if not found.get(path)] == []


def test_the_ban_sees_each_other_source(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    readings = [
        "datetime.now(UTC)",
        "timezone.now()",
        "time.time()",
        "Now()",
        "F(auto_now=True)",
        "date.today()",
    ]
    module.write_text("\n".join(readings))

    assert sorted(other_sources(module)) == [1, 2, 3, 4, 5, 6]
