"""The scripted call-out passes on an embedded server."""

import subprocess
import sys

import pytest

from simulator.processes import ROOT


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_once_passes_on_sqlite() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulator.demo", "--once", "--phones", "40"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everyone who should have got it did, and nobody else." in done.stdout
    assert "Everyone in the village who may be woken was asked, and nobody else." in done.stdout
