"""Who works on an import, and what happens when workers and readers die."""

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from backend.rosters.models import Newcomer, RosterImport
from backend.rosters.reading import apart
from backend.rosters.services import import_turns
from backend.rosters.services.import_worker import work_on
from tests.conftest import Formation
from tests.rosters.files import HEADINGS, csv_file, people, received

pytestmark = pytest.mark.usefixtures("imports_folder")


class ReaderKiller:
    """Kills the first `most` processes in which this one reads rosters, as a machine without memory does."""

    def __init__(self, most: int) -> None:
        self.killed: set[int] = set()
        self._most, self._stop = most, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "ReaderKiller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.005) and len(self.killed) < self._most:
            for task in Path("/proc/self/task").iterdir():
                children = (task / "children").read_text().split() if (task / "children").exists() else []
                for child in {int(pid) for pid in children} - self.killed:
                    self._kill(child)

    def _kill(self, pid: int) -> None:
        with suppress(OSError):
            if b"rosters.reading.reader" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                self.killed.add(pid)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux to find the reader's process")
@pytest.mark.parametrize(("deaths", "status"), [(2, "checked"), (3, "failed")])
def test_import_is_given_up_after_three_dead_readers(
    formation: Formation, at: datetime, tmp_path: Path, deaths: int, status: str
) -> None:
    """Two of them are bad luck: the third reads the whole file."""
    batch = received(csv_file(tmp_path, [HEADINGS[:2], *people(2_000)]), formation, at)

    with ReaderKiller(deaths) as killer:
        batch = work_on(batch.pk)

    assert len(killer.killed) == deaths
    assert (batch.status, batch.deaths) == (status, 0)
    assert batch.failure == (import_turns.GIVEN_UP if deaths == 3 else "")
    assert Newcomer.objects.count() == (0 if deaths == 3 else 2_000)


def test_import_is_given_up_after_three_dead_workers(
    formation: Formation, at: datetime, tmp_path: Path
) -> None:
    """As when the whole clock is killed with what it reads: nobody counts but who comes after it."""
    path = csv_file(tmp_path, [HEADINGS[:2], *people(3)])
    dies, survives = received(path, formation, at), received(path, formation, at)
    gone = subprocess.Popen(["true"])
    gone.wait()

    def found_dead(batch: RosterImport) -> RosterImport | None:
        name = f"{socket.gethostname()}:{gone.pid}"
        RosterImport.objects.filter(pk=batch.pk).update(worker=name)
        return import_turns.claimed(batch.pk)

    assert [found_dead(dies) is None for _ in range(3)] == [False, False, True]
    dies.refresh_from_db()
    assert (dies.status, dies.failure) == ("failed", import_turns.GIVEN_UP)
    assert [found_dead(survives) is None for _ in range(2)] == [False, False]
    assert work_on(survives.pk).status == "checked"
    survives.refresh_from_db()
    assert survives.deaths == 0


def test_worker_elsewhere_whose_time_is_up_counts_as_dead(
    formation: Formation, at: datetime, tmp_path: Path
) -> None:
    batch = received(csv_file(tmp_path, [HEADINGS[:2], *people(3)]), formation, at)
    held = RosterImport.objects.filter(pk=batch.pk)

    for _ in range(3):
        held.update(worker="elsewhere:1", worker_until=at - timedelta(minutes=5))
        import_turns.claimed(batch.pk)

    assert held.get().status == "failed"


def test_worker_holds_on_while_a_reader_is_silent(
    formation: Formation, at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves the file to whoever has taken it meanwhile."""
    monkeypatch.setattr(apart, "SILENCE_S", 0.001)
    path = csv_file(tmp_path, [HEADINGS[:2], *people(2_000)])
    batch = received(path, formation, at)
    held = RosterImport.objects.filter(pk=batch.pk)

    assert work_on(batch.pk).status == "checked"
    held.update(status="checking", worker="elsewhere:1", worker_until=at + timedelta(hours=1))
    with pytest.raises(import_turns.Superseded):
        import_turns.hold_on(batch.pk)
