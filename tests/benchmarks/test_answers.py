"""The benchmark of answers runs, on a few phones: exactly as many are accepted as are needed, and all are told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.processes import ROOT
from simulator.throwaway import has_postgres, has_redis_server


@pytest.mark.timeout(180)
@pytest.mark.skipif(not (has_postgres() and has_redis_server()), reason="needs PostgreSQL and redis-server")
def test_answers_counts_places_and_tells_everybody(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "answers", "--target", "0", "--json", str(file)]

    done = subprocess.run(
        [*command, "--phones", "40", "--places", "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(file.read_text())["figures"]
    assert (figures["accepted"], figures["reserve"], figures["counted"]) == (10, 30, 10)
    assert figures["replies"] == {"accepted": 10, "reserve": 30}
    assert (figures["told"], figures["leader_told"]) == (40, 10)
    assert 1 <= figures["progress_events"] <= 2 * figures["settled_s"] + 3
    assert json.loads(file.read_text())["ratios"]["3 s"] > 0
