"""Helpers of every script: paths, messages, running a program."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)


def say(text: str) -> None:
    """Print one line of progress at once, also to a file."""
    print(text, flush=True)


def stop(text: str, status: int = 1) -> NoReturn:
    """End the script with one line that says what is wrong and what to do next."""
    sys.stdout.flush()
    print(f"{Path(sys.argv[0]).name}: {text}", file=sys.stderr, flush=True)
    raise SystemExit(status)


def use_new_enough_python() -> None:
    """Restart under a newer interpreter when `python3` is older than the product needs."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in (14, 13, 12, 11):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    stop("Python 3.11 or newer is needed and was not found: install python3.11 and run this again.")


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    quiet: bool = True,
    good: Sequence[int] = (0,),
) -> bool:
    """Run a program and return whether it succeeded; when quiet, only a failure shows its output."""
    merged = {**os.environ, **(env or {})}
    output = subprocess.PIPE if quiet else None
    error = subprocess.STDOUT if quiet else None
    sys.stdout.flush()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=merged,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=error,
        check=False,
    )
    if quiet and done.returncode not in good:
        sys.stdout.write(done.stdout.decode(errors="replace"))
        sys.stdout.flush()
    return done.returncode in good


def answers(command: Sequence[str | Path]) -> str:
    """Return the output of a program, empty when it is missing or fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def digest(files: Iterable[Path]) -> str:
    """Return one hash over the names and contents of files."""
    total = hashlib.sha256()
    for file in sorted(files):
        content = file.read_bytes() if file.is_file() else b"missing"
        total.update(f"{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def may_install_packages() -> bool:
    """Return whether Debian's packages can be installed here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_packages(names: Sequence[str]) -> bool:
    """Install Debian's packages and return whether that succeeded."""
    say(f"Installing {', '.join(names)} (apt-get)")
    environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names]
    return run(["apt-get", "update", "-q"], env=environment) and run(install, env=environment)
