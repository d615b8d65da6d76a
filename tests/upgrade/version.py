"""A version of the product on an installation's database: its commands, and its processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.processes import ROOT, Server, free_port, read_procfile

START_S = 60


def settings(database_url: str, redis_url: str) -> dict[str, str]:
    """Return what an operator sets, the same for every version and process."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "only-for-tests-" + "0" * 40,
        "CLOCK_INSIDE": "false",
        "DEBUG": "false",
        "LOG_LEVEL": "WARNING",
        "HEARTBEAT_S": "2",
        "MAP_STYLE_URL": "",
        "MAP_ORIGINS": "",
    }


@dataclass
class Version:
    """One version in its folder `root`; its logs go to `logs`."""

    root: Path
    environment: Mapping[str, str]
    logs: Path
    running: dict[str, Server] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.logs.mkdir(exist_ok=True)

    def python(self, *arguments: str) -> str:
        """Run a program of this version on the database, and return what it prints."""
        python = sys.executable if self.root == ROOT else str(self.root / ".venv" / "bin" / "python")
        return self._run([python, *arguments])

    def migrate(self) -> None:
        """Do what an operator does before the processes of this version start."""
        self._run(["script/run", "release"])

    def migrate_to(self, app: str, migration: str) -> None:
        """Do only as much as that."""
        self.python("manage.py", "migrate", "--noinput", "--skip-checks", app, migration)

    def start(self, *names: str) -> None:
        """Start processes of this version's Procfile, and wait until those that listen answer."""
        commands = read_procfile(self.root / "Procfile")
        for name in names:
            port = 0 if name == "clock" else free_port()
            log = self.logs / f"{name}.log"
            server = Server(name, commands[name], port, self.environment, log, root=self.root)
            self.running[name] = server.start()
        for name in names:
            if self.running[name].port:
                self.running[name].wait_until_healthy(START_S)

    def port(self, name: str) -> int:
        """Return where a process listens."""
        return self.running[name].port

    def stop(self) -> None:
        """Send SIGTERM to all processes, as an operator does, and wait for their end."""
        for server in self.running.values():
            server.stop(timeout_s=15)

    def kill(self) -> None:
        """Leave no process behind."""
        for server in self.running.values():
            server.kill()

    def complaints(self) -> list[str]:
        """Return what the processes logged as an error that was not foreseen."""
        lines = [
            line for log in self.logs.glob("*.log") for line in log.read_text(errors="replace").splitlines()
        ]
        signs = ("unforeseen error", "Exception in ASGI", "Traceback")
        return [line for line in lines if any(sign in line for sign in signs)]

    def _run(self, command: list[str]) -> str:
        path = f"{Path(sys.executable).parent if self.root == ROOT else self.root / '.venv' / 'bin'}"
        environment = {**os.environ, **self.environment}
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-2_000:]}{done.stderr[-4_000:]}")
        return done.stdout
