"""Many phones: started gradually, stopped together, their sign-ins stored for the next start."""

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from simulator.account import Account
from simulator.habits import Habits
from simulator.phone import OnShown, Phone
from simulator.rest import Refused, Rest, Unreachable

SIGN_INS_AT_ONCE = 4
"""A sign-in costs the server a password hash, 50 ms of a core; a refresh costs almost nothing."""


class Keyring:
    """The refresh tokens of simulated phones, in a file for its owner alone: the next start is quick."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._kept: dict[str, dict[str, str]] = {}
        if path is not None and path.exists():
            with suppress(ValueError):
                self._kept = json.loads(path.read_text())

    def account(self, rest: Rest, identifier: str, password: str) -> Account:
        """Return an account that continues with the tokens of the last run."""
        kept = self._kept.get(identifier)
        if kept is None:
            return Account(rest, identifier, password)
        return Account(rest, identifier, password, device=UUID(kept["device"]), refresh=kept["refresh"])

    def save(self, accounts: Sequence[Account]) -> None:
        """Write the tokens for the next start."""
        if self._path is None:
            return
        for account in accounts:
            if account.refresh:
                kept = {"device": str(account.device), "refresh": account.refresh}
                self._kept[account.identifier] = kept
        self._path.parent.mkdir(exist_ok=True, parents=True)
        self._path.touch(mode=0o600)
        self._path.write_text(json.dumps(self._kept))


@dataclass
class Fleet:
    """The phones of one simulation and the tasks that run them."""

    phones: list[Phone]
    keyring: Keyring = field(default_factory=lambda: Keyring(None))
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        numbers: Sequence[int],
        *,
        rest: Rest,
        urls: Sequence[str],
        password: str,
        habits: Habits,
        seed: int,
        keyring: Keyring | None = None,
        on_shown: OnShown | None = None,
    ) -> "Fleet":
        """Make a phone for each number; the same seed gives the same people the same habits."""
        keyring = keyring or Keyring(None)
        phones = [
            Phone(
                account=keyring.account(rest, f"{number:08d}", password),
                urls=list(urls),
                habits=habits,
                dice=random.Random(f"{seed}:{number}"),
                on_shown=on_shown,
            )
            for number in numbers
        ]
        return cls(phones, keyring)

    async def sign_in(self, *, at_once: int = SIGN_INS_AT_ONCE) -> None:
        """Get a token for every phone, a few at a time."""
        gate = asyncio.Semaphore(at_once)

        async def one(phone: Phone) -> None:
            async with gate:
                await phone.account.token()

        await asyncio.gather(*(one(phone) for phone in self.phones))
        self.keyring.save([phone.account for phone in self.phones])

    async def set_duty(self, on: dict[str, bool], *, at_once: int = 8) -> None:
        """Put people on or off duty, by identifier."""
        gate = asyncio.Semaphore(at_once)

        async def one(phone: Phone) -> None:
            async with gate:
                await phone.set_duty(on[phone.account.identifier])

        await asyncio.gather(*(one(phone) for phone in self.phones if phone.account.identifier in on))

    def start(self) -> None:
        """Connect all phones, in the background."""
        self.tasks = [asyncio.create_task(phone.run()) for phone in self.phones]

    async def trickle(self, on: dict[str, bool], *, at_once: int = SIGN_INS_AT_ONCE) -> None:
        """Sign in, set duty and connect phone after phone, for a server that is already in use."""
        gate = asyncio.Semaphore(at_once)

        async def one(phone: Phone) -> None:
            async with gate:
                await self._begin(phone, on)
            self.tasks.append(asyncio.create_task(phone.run()))

        await asyncio.gather(*(one(phone) for phone in self.phones))
        self.keyring.save([phone.account for phone in self.phones])

    async def _begin(self, phone: Phone, on: dict[str, bool]) -> None:
        for _ in range(5):
            try:
                await phone.set_duty(on.get(phone.account.identifier, True))
            except Unreachable:
                await asyncio.sleep(2)
            except Refused as refused:
                phone.stopped = str(refused)
                return
            else:
                return

    async def wait_until_connected(self, timeout_s: float) -> list[Phone]:
        """Wait until every phone is connected; return the phones that are late."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*(phone.connected.wait() for phone in self.phones))
        return [phone for phone in self.phones if not phone.connected.is_set()]

    async def stop(self) -> None:
        """Stop every phone, and store the tokens for the next start."""
        self.keyring.save([phone.account for phone in self.phones])
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def tally(self) -> dict[str, Any]:
        """Return the state of the phones in figures."""
        return {
            "connected": sum(phone.connected.is_set() for phone in self.phones),
            "on duty": sum(phone.on_duty for phone in self.phones),
            "positions": sum(phone.tracker.stored for phone in self.phones),
            "answers": sum(len(phone.answers) for phone in self.phones),
        }
