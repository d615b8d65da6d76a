"""The ingest benchmark runs, on a few phones, and loses nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.processes import ROOT
from simulator.throwaway import has_postgres, has_redis_server


@pytest.mark.waits
@pytest.mark.timeout(240)
@pytest.mark.skipif(not (has_postgres() and has_redis_server()), reason="needs PostgreSQL and redis-server")
def test_ingest_stores_and_shows_all_that_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    sizes = ("--phones", "40", "--rate", "50", "--seconds", "3", "--rounds", "1", "--target", "0")
    command = [sys.executable, "-m", "benchmarks", "ingest", *sizes, "--json", str(file)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=230)

    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(file.read_text())["figures"]
    assert figures["sent"] == figures["acknowledged"] == figures["stored"] == pytest.approx(150, abs=5)
    assert [figures[name] for name in ("lost", "refused", "closed", "not_shown")] == [0, 0, 0, 0]
    assert figures["shown"] == figures["sent"]
