"""Imports a roster, then the same one a year later: how long the differences take, beside the first import."""

import csv
import os
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.roster_import import COMMAND, ROOT, run_import
from simulator.throwaway import postgres_database

CHANGED = 0.03
"""The share of people of whom the second file says something else."""
PLACE = "330726"
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "backend.config.settings",
    "REDIS_URL": "",
    "SECRET_KEY": "bench-" + "k" * 40,
}


def again_figures(rows: int) -> dict[str, Any]:
    """Return the seconds and the memory of both imports, and what became of the differences."""
    module = [sys.executable, "-m", "benchmarks.roster_again"]
    with postgres_database("bench_again") as url, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **SETTINGS, "DATABASE_URL": url}
        files = [Path(folder) / name for name in ("first.csv", "again.csv")]
        top = _said([*module, *map(str, files), str(rows)], environment).strip()
        first = run_import(files[0], top, environment)
        again = run_import(files[1], top, environment, "--skip-new")
        found, taken, twice, restored = map(int, _said(module, environment).split())
    return {
        "again_rows": rows,
        "again_first_s": round(first.seconds, 1),
        "again_s": round(again.seconds, 1),
        "again_first_rss_mb": first.peak_mb,
        "again_rss_mb": again.peak_mb,
        "again_expected": round(rows * CHANGED),
        "again_found": found,
        "again_taken": taken,
        "again_taken_twice": twice,
        "again_restored": restored,
    }


def _said(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout


def prepare(first: Path, again: Path, rows: int) -> str:
    """Make the units in the empty database, and write both rosters; return the number of the topmost unit."""
    from django.core.management import call_command
    from stdnum.cn import ric

    from backend.volunteers.models import Unit
    from benchmarks.roster_force import GIVEN, SEED, SURNAMES, make_units

    call_command("migrate", verbosity=0)
    make_units(rows)
    chance, surnames = Random(SEED), list(SURNAMES)
    squadrons = list(Unit.objects.filter(depth=5).values_list("number", flat=True))
    changed = set(chance.sample(range(rows), round(rows * CHANGED)))
    with first.open("w", encoding="utf-8") as old, again.open("w", encoding="utf-8") as new:
        writers = [csv.writer(old), csv.writer(new)]
        for writer in writers:
            writer.writerow(["姓名", "手机", "身份证号", "单位编号"])
        for n in range(rows):
            name = chance.choice(surnames) + "".join(chance.choices(GIVEN, k=2))
            # A thousand people share a place and a day of birth; the days follow each other.
            card = f"{PLACE}{_born(n)}{n % 1_000:03d}"
            line = [name, f"139{n:08d}", card + ric.calc_check_digit(card + "0"), chance.choice(squadrons)]
            writers[0].writerow(line)
            writers[1].writerow(_other(line, n) if n in changed else line)
    return str(Unit.objects.get(depth=1).number)


def _born(n: int) -> str:
    from datetime import date, timedelta

    return (date(1950, 1, 1) + timedelta(days=n // 1_000)).strftime("%Y%m%d")


def _other(line: list[str], n: int) -> list[str]:
    """Return a line with another name, or another phone, in turn."""
    name, phone, *rest = line
    return [name + "儿", phone, *rest] if n % 2 else [name, "137" + phone[3:], *rest]


def take_and_undo() -> str:
    """Take all differences of the last import over, again, and undo it; return what each has come to."""
    from django.core.management import call_command

    from backend.corrections.models import Correction
    from backend.rosters.models import Difference, RosterImport

    batch = RosterImport.objects.latest("made_at")
    found = Difference.objects.filter(batch=batch).exclude(kind="gone").count()
    taken = []
    for _ in range(2):
        call_command(COMMAND, "--take", str(batch.pk), stdout=StringIO())
        taken.append(Correction.objects.count())
    call_command(COMMAND, "--undo", str(batch.pk), stdout=StringIO())
    restored = Difference.objects.filter(batch=batch, state="undone").count()
    return f"{found} {taken[0]} {taken[1] - taken[0]} {restored}"


if __name__ == "__main__":
    import django

    django.setup()
    if len(sys.argv) > 1:
        print(prepare(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
    else:
        print(take_and_undo())
