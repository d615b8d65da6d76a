"""The pages' own client in Node: many phones in one process, told what to do by lines."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.processes import ROOT

FRONTEND = ROOT / "frontend"
CLIENT_PACKAGES = ROOT / "clients" / "typescript" / "node_modules"
VITE = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
PACE = 3
"""How much faster the client's time-outs and pauses pass than on a phone."""
LONGEST_LINE = 16_000_000
ANSWERS_WITHIN_S = 30


def has_node() -> bool:
    """Tell whether this machine can run the pages' client."""
    return shutil.which("node") is not None and VITE.exists() and CLIENT_PACKAGES.exists()


def build(folder: Path) -> Path:
    """Make one file for Node of the pages' client; returns it."""
    command = ["node", str(VITE), "build", "--config", "harness/vite.config.ts", "--outDir", str(folder)]
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "phones.js"


@dataclass
class Node:
    """A process with phones; `ask` is answered in the order of asking."""

    process: asyncio.subprocess.Process
    words: Path
    """What it says beside its answers: nothing, unless it fails."""
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _next: int = 0

    async def ask(self, phone: str, do: str, **what: Any) -> Any:
        """Let a phone do something; returns what came of it. Raises RuntimeError once the process has ended."""
        if self.process.returncode is not None:
            raise RuntimeError(
                f"Node ended with {self.process.returncode}: {self.words.read_text()[-2_000:]}"
            )
        self._next += 1
        answer = self._waiting[self._next] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": self._next, "phone": phone, "do": do, **what})
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            return await answer

    async def listen(self) -> None:
        """Take the answers until the process ends."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            if not waiting.done():  # whoever asked may have been cancelled
                waiting.set_result(answer["result"])
        for waiting in self._waiting.values():
            waiting.cancel()


@asynccontextmanager
async def running(script: Path) -> AsyncIterator[Node]:
    """Run it; at the end it goes with its input."""
    words = script.with_suffix(".log")
    with words.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            "node",
            "--experimental-websocket",
            "--no-warnings",
            str(script),
            str(PACE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=LONGEST_LINE,
        )
    node = Node(process, words)
    listening = asyncio.ensure_future(node.listen())
    try:
        yield node
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 10)
        await listening
