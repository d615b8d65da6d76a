"""The secret key: refused when it can be guessed, made once however many processes start."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.lib.secret_key import kept_key, long_enough
from simulator.processes import ROOT


@pytest.mark.parametrize("given", ["x", "changeme", "0" * 64, "ab" * 40, "k" * 31, "secret" * 5])
def test_a_key_that_can_be_guessed_is_refused(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        long_enough(given)


def test_a_process_with_a_short_key_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"SECRET_KEY": "x", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "SECRET_KEY is shorter than 32 characters" in done.stderr


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    for n in range(20):
        file = tmp_path / str(n) / "secret_key"
        with ThreadPoolExecutor(8) as threads:
            keys = set(threads.map(kept_key, [file] * 8))
        assert keys == {file.read_text()}
        assert (file.stat().st_mode & 0o777, len(list(file.parent.iterdir()))) == (0o600, 1)
