"""The person with the phone: told on the terminal what to do, or a program that does it."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from simulator.conformance.leader import Order

WORDS = {
    "sign-in": "Sign in as the volunteer, with the number and the password above.",
    "start": "Start the app anew.",
    "accept": "Accept the order “{title}”.",
    "look": "Open the order “{title}” and leave it on the screen. Do not answer.",
    "leave": "Put the app into the background and lock the phone. Do not open the next order until you are asked to.",
}
"""What a person is asked to do, by the word that a program reads."""
ENDS_WITHIN_S = 5
TO_LOCK_S = 15


class Hands(Protocol):
    """What carries out a wish. How long that may take is `patience_s`."""

    patience_s: float

    async def wish(self, word: str, order: Order | None = None) -> None:
        """Ask for something; whether it was done shows at the proxy."""

    async def settled(self) -> None:
        """Wait for what does not show there, such as a phone that is locked."""


class PersonAtTheTerminal:
    """Reads what is to be done."""

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s

    async def wish(self, word: str, order: Order | None = None) -> None:
        """Print it."""
        print(f"    → {WORDS[word].format(title=order.title if order else '')}", flush=True)

    async def settled(self) -> None:
        """Give the person some seconds."""
        await asyncio.sleep(TO_LOCK_S)


class Program:
    """A program that reads one wish a line: its word, and the id of the task where there is one."""

    def __init__(self, process: asyncio.subprocess.Process, patience_s: float) -> None:
        self.patience_s = patience_s
        self._process = process

    async def wish(self, word: str, order: Order | None = None) -> None:
        """Write it. Raises RuntimeError when the program has ended."""
        if self._process.returncode is not None:
            raise RuntimeError(f"The program of --hands has ended with {self._process.returncode}.")
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word} {order.id if order else ''}".rstrip().encode() + b"\n")
        with suppress(ConnectionError):
            await self._process.stdin.drain()

    async def settled(self) -> None:
        """Go on: a program is as quick as its lines."""


@asynccontextmanager
async def program(command: str, environment: Mapping[str, str], patience_s: float) -> AsyncIterator[Program]:
    """Run it; its input ends with the trials, and soon after it does."""
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command), stdin=asyncio.subprocess.PIPE, env=dict(environment)
    )
    try:
        yield Program(process, patience_s)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
