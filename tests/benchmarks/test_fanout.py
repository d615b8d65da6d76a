"""The fan-out benchmark runs, on a few phones, and both sides get the same bytes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.processes import ROOT
from simulator.throwaway import has_postgres, has_redis_server


@pytest.mark.postgres
@pytest.mark.timeout(180)
@pytest.mark.skipif(not (has_postgres() and has_redis_server()), reason="needs PostgreSQL and redis-server")
def test_fanout_measures_both_sides(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "fanout",
        "--phones",
        "20",
        "--rounds",
        "2",
        "--target",
        "0",
    ]

    done = subprocess.run(
        [*command, "--json", str(file)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=170
    )

    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(file.read_text())
    assert written["name"] == "fanout"
    for name in ("muster", "channels"):
        figures = written["figures"][name]
        assert (figures["phones"], figures["refused"], figures["incomplete_rounds"]) == (20, 0, 0)
        assert figures["frame_bytes"] == [340]
