"""No roster takes more memory than its reader may have, and none harms the process that asks for it."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backend.rosters.reading import reader
from backend.rosters.reading.apart import reading_apart
from backend.rosters.reading.files import look_at
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.services.import_worker import work_on
from tests.conftest import Formation
from tests.hostile.workbooks import HOSTILE, PERSON, comments_that_look_like_rows, packed, parts, sheet
from tests.rosters.files import received

pytestmark = pytest.mark.timeout(1_800)  # with `--hostile-seconds` a piece may run for minutes

MEGABYTES = 200
"""Of memory a reader may take, whatever it reads."""
BYTES_A_SECOND = 500_000
"""Unpacked, of the hostile rosters whose size is free; more with `--hostile-seconds`."""
ROOT = Path(reader.__file__).resolve().parents[3]


MEASURE = """
import json, resource, subprocess, sys
code = subprocess.call([sys.executable, "-B", "-m", *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_maxrss // 1024, used.ru_utime + used.ru_stime]), file=sys.stderr)
"""
"""Runs the reader from a small process: a child begins with the highest memory that its parent ever had."""


def measured(path: Path, format: str, encoding: str) -> tuple[str, int, float]:
    """Read a file as an import does; return the last message, the megabytes it took and the seconds of processor."""
    with path.open("rb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", MEASURE, reader.__name__, format, encoding],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={"PYTHONUTF8": "1"},
        )
    assert process.stdout is not None
    assert process.stderr is not None
    last = b""
    while head := process.stdout.read(reader.LENGTH.size):
        last = process.stdout.read(*reader.LENGTH.unpack(head))
    code, megabytes, seconds = json.loads(process.stderr.read())
    process.communicate()
    assert code == 0
    return last.decode(), megabytes, seconds


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_hostile_roster_takes_little_memory_and_time(
    make: Callable[[int], bytes], tmp_path: Path, hostile_seconds: float
) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(make(int(hostile_seconds * BYTES_A_SECOND)))
    try:
        found = look_at(path)
    except UnreadableRoster:
        return  # refused before it is read

    last, megabytes, seconds = measured(path, found.format, found.encoding)

    assert last.startswith(('["End"', '["Refused"'))
    assert megabytes < MEGABYTES
    assert seconds < max(30.0, hostile_seconds * 3)


@pytest.mark.parametrize("name", [make.__name__ for make in HOSTILE if "laughs" in make.__name__])
def test_no_part_may_declare_a_document_type(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile"
    (make,) = [make for make in HOSTILE if make.__name__ == name]
    path.write_bytes(make(0))

    with pytest.raises(UnreadableRoster, match="document type"), reading_apart(path, "xlsx", "") as events:
        list(events)


def test_damaged_workbooks_are_read_or_refused(tmp_path: Path, hostile_seconds: float) -> None:
    """Bytes are overwritten in the archive, and in its parts before they are packed."""
    until, chance = time.monotonic() + hostile_seconds, random.Random(15)
    whole = parts(sheet(PERSON * 20, after='<mergeCells><mergeCell ref="A2:A5"/></mergeCells>'))
    path, tried = tmp_path / "damaged", 0

    while time.monotonic() < until:
        path.write_bytes(
            _spoilt(packed(whole), chance) if tried % 4 == 0 else packed(_spoilt_part(whole, chance))
        )
        tried += 1
        try:
            with reading_apart(path, "xlsx", "") as events:
                assert len(list(events)) < 200
        except UnreadableRoster:
            continue

    assert tried > 3


def _spoilt(whole: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        place, length = chance.randrange(len(whole)), chance.randint(1, 12)
        spoilt[place : place + length] = chance.randbytes(length)
    return bytes(spoilt)


def _spoilt_part(whole: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    name = chance.choice(list(whole))
    content = whole[name].encode() if isinstance(whole[name], str) else whole[name]
    return whole | {name: _spoilt(content, chance)}


@pytest.mark.django_db
def test_import_of_a_hostile_workbook_fails_with_a_word_and_costs_the_worker_nothing(
    formation: Formation, at: datetime, tmp_path: Path, settings: Any, hostile_seconds: float
) -> None:
    settings.IMPORTS_FOLDER = str(tmp_path / "imports")
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(comments_that_look_like_rows(int(hostile_seconds * BYTES_A_SECOND)))
    batch = received(path, formation, at)
    before = memory_of_this_process()

    batch = work_on(batch.pk)

    assert (batch.status, batch.failure) == ("failed", "A row of the workbook is too long.")
    assert memory_of_this_process() - before < 10


def memory_of_this_process() -> int:
    """Return the megabytes that this process holds now; 0 where nothing tells it."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20 if status.exists() else 0
