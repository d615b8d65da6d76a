"""Starts Node's `ws`; its version stands in package-lock.json."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.stage import SERVER_CORE, Stage, pinned
from simulator.processes import Server, free_port

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules" / "ws" / "package.json"
# Node comes with the development packages where the machine has none.
_PATH = f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"


def server(stage: Stage) -> Server:
    """Return the server on its core, after fetching `ws` when it is not there yet."""
    _need_ws()
    command = (*pinned(SERVER_CORE), _node(), str(FOLDER / "server.js"))
    return Server("node_ws", command, free_port(), log=stage.folder / "node_ws.log")


def is_installed() -> bool:
    """Tell whether the peer can run without fetching anything."""
    return INSTALLED.exists() and shutil.which("node", path=_PATH) is not None


def versions() -> dict[str, str]:
    """Return the versions of the peer."""
    told = subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True).stdout
    return {"node": told.strip().removeprefix("v"), "ws": json.loads(INSTALLED.read_text())["version"]}


def _node() -> str:
    node = shutil.which("node", path=_PATH)
    if node is None:
        raise SystemExit("script/bench: Node is missing: install Node 20 or newer and run this again.")
    return node


def _need_ws() -> None:
    if INSTALLED.exists():
        return
    npm = shutil.which("npm", path=_PATH)
    done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=False) if npm else None
    if done is None or done.returncode:
        raise SystemExit(
            "script/bench: `ws` is missing: run `npm ci` in benchmarks/peers/node_ws and run this again."
        )
