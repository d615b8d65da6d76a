"""Starts the real server on a small formation, and kills and restarts it."""

import csv
import gzip
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.processes import read_procfile

ROOT = Path(__file__).resolve().parents[2]
DIVISIONS = ROOT / "backend" / "volunteers" / "data" / "zhejiang_divisions.csv.gz"
PASSWORD = "correct horse battery"
START_WITHIN_S = 60


@dataclass
class Server:
    """One process that serves pages, REST and sockets, with the clock inside.

    SQLite in `folder` and no Redis, unless BROWSER_DATABASE_URL (an empty database) and BROWSER_REDIS_URL
    say otherwise.
    """

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    people: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return what the processes are told."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "backend.config.settings",
            "DATABASE_URL": os.environ.get("BROWSER_DATABASE_URL", f"sqlite:///{self.folder}/muster.sqlite3"),
            "REDIS_URL": os.environ.get("BROWSER_REDIS_URL", ""),
            "SECRET_KEY": "only-for-tests-in-the-browser-00000000000000000000000000",
            "CLOCK_INSIDE": "1",
            "HEARTBEAT_S": "2",
            "POSITION_EVERY_S": "2",
            "MAP_STYLE_URL": "",
            "MAP_ORIGINS": "",
        }

    def prepare(self, *, people: int = 24, on_duty: float = 1, whole: bool = False) -> None:
        """Make the tables, two towns of Pujiang or the whole province, and people on duty there."""
        self.manage("migrate", "--verbosity", "0")
        two_towns = write_small_formation(self.folder)
        divisions = DIVISIONS if whole else two_towns
        self.manage("load_formation", str(divisions), "--towns", str(write_places(two_towns)))
        told = self.run(
            *("-m", "simulator.fill", "--password", PASSWORD),
            *("--people", str(people), "--on-duty", str(on_duty)),
        )
        self.people = json.loads(told.splitlines()[-1])

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.port = self.port or free_port()
        command = ["/bin/sh", "-c", f"exec {read_procfile()['web']}"]
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {**self.environment, "PORT": str(self.port), "PATH": programs}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self._wait_until_ready()

    def kill(self) -> None:
        """Kill without a chance to say goodbye."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/sign-in/", timeout=5).close()
            except (OSError, urllib.error.URLError):
                time.sleep(0.2)
            else:
                return
        raise TimeoutError((self.folder / "server.log").read_text()[-4_000:])

    def manage(self, *arguments: str) -> str:
        """Run a command on the server's database, and return what it says."""
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """Run a program of Python on the server's database, and return what it says."""
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-4_000:])
        return done.stdout


def write_small_formation(folder: Path) -> Path:
    """Write the province, one city, one county and two of its towns: enough of every level."""
    wanted = ("330726001", "330726100")
    with gzip.open(DIVISIONS, "rt", encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    kept = [row for row in rows if row["code"] in {"33", "3307", "330726"} or row["code"].startswith(wanted)]
    path = folder / "divisions.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)
    return path


def write_places(divisions: Path) -> Path:
    """Write a place for each town and village: a leader calls out to where the unit lies."""
    with divisions.open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["level"] in {"town", "village"}]
    path = divisions.with_name("places.csv")
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(("code", "name", "lon", "lat"))
        for index, row in enumerate(rows):
            writer.writerow((row["code"], row["name"], 119.88 + index % 10 / 500, 29.44 + index // 10 / 500))
    return path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
