"""Imports a roster with the product's own command, into an empty database beside the kept one."""

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from simulator.throwaway import postgres_database

COMMAND = "import_roster"
ROOT = Path(__file__).resolve().parents[1]


def import_figures(rows: int) -> dict[str, Any]:
    """Return the rows a second and the memory of an import of so many rows; or that the command is missing."""
    from django.core.management import get_commands

    if COMMAND not in get_commands():
        print(f"  import: there is no command {COMMAND}, so its figures are missing", flush=True)
        return {"import_rows_per_s": None, "import_rss_mb": None}
    with postgres_database("bench_import") as url, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "roster.csv"
        environment = {**os.environ, "DATABASE_URL": url}
        prepare = [sys.executable, "-m", "benchmarks.roster_import", str(file), str(rows)]
        top = subprocess.run(
            prepare, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout
        run = run_import(file, top.strip(), environment)
    return {
        "import_rows": rows,
        "import_s": round(run.seconds, 1),
        "import_rows_per_s": round(rows / run.seconds),
        "import_rss_mb": run.peak_mb,
    }


@dataclass(frozen=True, slots=True)
class Run:
    """How long an import took, and its most memory."""

    seconds: float
    peak_mb: int


def run_import(file: Path, unit: str, environment: dict[str, str], *more: str) -> Run:
    """Import a file into a unit with the product's own command, and options `more`."""
    command = [sys.executable, "manage.py", COMMAND, str(file), "--unit", unit, *more]
    began = time.monotonic()
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    peak_kb = 0
    while child.poll() is None:
        peak_kb = max(peak_kb, _peak_kb(child.pid))
        time.sleep(0.1)
    assert child.returncode == 0, "the import failed"
    return Run(time.monotonic() - began, round(peak_kb / 1024))


def _peak_kb(pid: int) -> int:
    """Return the peak memory of a process; that of wait4 for a child begins with its parent's."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) if found else 0


def prepare_import(file: Path, rows: int) -> str:
    """Make the units in the empty database and write a roster for them; return the number of the topmost unit."""
    import django

    django.setup()
    from django.core.management import call_command

    from backend.volunteers.models import Unit
    from benchmarks.roster_force import GIVEN, SEED, SURNAMES, make_units

    call_command("migrate", verbosity=0)
    make_units(rows)
    chance, surnames = Random(SEED), list(SURNAMES)
    squadrons = list(Unit.objects.filter(depth=5).values_list("number", flat=True))
    with file.open("w", encoding="utf-8", newline="") as target:
        lines = csv.writer(target)
        lines.writerow(["姓名", "手机", "单位编号"])
        for n in range(rows):
            name = chance.choice(surnames) + "".join(chance.choices(GIVEN, k=2))
            lines.writerow([name, f"139{n:08d}", chance.choice(squadrons)])
    return str(Unit.objects.get(depth=1).number)


if __name__ == "__main__":
    print(prepare_import(Path(sys.argv[1]), int(sys.argv[2])))
