"""Starts, watches and ends the processes of a server: the demo's one, or those of the Procfile."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class DidNotStart(Exception):
    """A process ended, or did not answer in time."""


@dataclass
class Server:
    """One process and its address. `command` may be a list, or a line of the Procfile for the shell."""

    name: str
    command: Sequence[str] | str
    port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    root: Path = ROOT
    """The folder of the version whose process it is; another one than ours has programs of its own."""

    @property
    def http(self) -> str:
        """The address of its REST API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        """The address of its sockets."""
        return f"ws://127.0.0.1:{self.port}/ws/v1/"

    def start(self) -> "Server":
        """Start it in a session of its own, so that Ctrl-C reaches only us and we end all processes in order."""
        command = self.command
        if isinstance(command, str):
            command = ["/bin/sh", "-c", f"exec {command}"]
        environment = {**os.environ, **self.environment}
        programs = Path(sys.executable).parent if self.root == ROOT else self.root / ".venv" / "bin"
        environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', '')}"
        if self.port:
            environment["PORT"] = str(self.port)
        out = self.log.open("ab") if self.log else None
        try:
            self.process = subprocess.Popen(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out or None,
                stderr=subprocess.STDOUT if out else None,
                start_new_session=True,
            )
        finally:
            if out:
                out.close()
        return self

    def wait_until_healthy(self, timeout_s: float = 60.0) -> None:
        """Return once /healthz answers. Raises DidNotStart."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            self.expect_running()
            if answers(f"{self.http}/healthz"):
                return
            time.sleep(0.05)
        raise DidNotStart(f"{self.name} did not answer within {timeout_s:.0f} s{self._last_words()}")

    def expect_running(self) -> None:
        """Raise DidNotStart when the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise DidNotStart(f"{self.name} ended with {self.process.returncode}{self._last_words()}")

    def is_running(self) -> bool:
        """Tell whether the process is running."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill it."""
        if self.is_running():
            assert self.process is not None
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self, timeout_s: float = 8.0) -> None:
        """Terminate it, and kill it after a while."""
        if not self.is_running():
            return
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def _last_words(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        return "\n" + self.log.read_text(errors="replace")[-3_000:]


def answers(url: str) -> bool:
    """Tell whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether a port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def read_procfile(path: Path = ROOT / "Procfile") -> dict[str, str]:
    """Return the commands of the Procfile by the name of their process."""
    commands = {}
    for line in path.read_text().splitlines():
        name, separator, command = line.partition(":")
        if separator and not name.lstrip().startswith("#"):
            commands[name.strip()] = command.strip()
    return commands
