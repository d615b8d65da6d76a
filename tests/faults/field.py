"""Where schedules of faults are played: servers of its own, two units, and phones that stay from one to the next."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.account import Account
from simulator.fleet import Fleet
from simulator.habits import Habits
from simulator.people import OTHER_UNIT, UNIT
from simulator.phone import Phone
from simulator.throwaway import PrivatePostgres, PrivateRedis
from simulator.watcher import Watcher
from tests.faults.ground import Ground
from tests.faults.harness import account_of, start_processes

PHONES = 500
OTHERS = 30
"""Of the phones, those in the other unit."""
WATCHERS = 2
HABITS = Habits(accept=0.015, decline=0.007, think_s=(0.2, 1.5), positions=False)
SILENT = Habits(accept=0.0, decline=0.0, think_s=(0.1, 0.2), positions=False)


@dataclass(kw_only=True)
class Field(Ground):
    """The processes, and who is there: `units` says where each number belongs."""

    postgres: PrivatePostgres
    redis: PrivateRedis
    commanders: Mapping[str, Account]
    fleet: Fleet
    units: Mapping[int, str]
    watchers: list[Watcher] = field(default_factory=list)
    _watching: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    def start(cls, postgres: PrivatePostgres, redis: PrivateRedis, log: Path) -> "Field":
        """Start everything; the first person of each unit commands it, the others get a phone each."""
        ours = PHONES - OTHERS + 1
        stage, people = start_processes(postgres.url, redis, log, people=ours, others=OTHERS + 1)
        accounts = [account_of(stage, person) for person in people]
        commanders = {UNIT: accounts[0], OTHER_UNIT: accounts[ours]}
        phones = [
            Phone(account, stage.urls, HABITS, random.Random(account.identifier))
            for index, account in enumerate(accounts)
            if index not in (0, ours)
        ]
        units = {
            int(account.identifier): UNIT if index < ours else OTHER_UNIT
            for index, account in enumerate(accounts)
        }
        fleet = Fleet(phones)
        return cls(
            postgres=postgres, redis=redis, stage=stage, commanders=commanders, fleet=fleet, units=units
        )

    @property
    def phones(self) -> Sequence[Phone]:
        """Everyone who is shown something."""
        return [*self.fleet.phones, *self.watchers]

    async def begin(self) -> None:
        """Turn a page: what phones were shown is past, and screens are opened afresh."""
        if not self.fleet.tasks:
            self.fleet.start()
        await self._close_screens()
        commander = self.commanders[UNIT]
        self.watchers = [
            Watcher(commander, self.stage.urls, SILENT, random.Random(number)) for number in range(WATCHERS)
        ]
        self._watching = [asyncio.create_task(watcher.run()) for watcher in self.watchers]
        missing = await self.missing(60)
        assert not missing, f"{len(missing)} phones are not connected: {missing[0].closed_with}"
        for phone in self.phones:
            phone.journal.turn_page()
            phone.answers.clear()
            phone.replies.clear()

    async def renew(self) -> None:
        """Give every phone an empty journal: what went wrong once is not to be found again by the next seed."""
        await self.fleet.stop()
        old, self.fleet = self.fleet.phones, Fleet([])
        self.fleet = Fleet([Phone(phone.account, phone.urls, phone.habits, phone.dice) for phone in old])

    async def missing(self, timeout_s: float) -> list[Phone]:
        """Wait until every phone is connected; returns those that are not in time."""
        until = asyncio.get_running_loop().time() + timeout_s
        while away := [phone for phone in self.phones if not phone.connected.is_set()]:
            if asyncio.get_running_loop().time() > until:
                break
            for phone in away:
                phone.retry_now()
            await asyncio.sleep(0.1)
        return away

    async def close(self) -> None:
        """End everything."""
        await self._close_screens()
        await self.fleet.stop()
        await self.mend()  # what is stopped does not end when it is asked to
        self.stage.stop()

    async def _close_screens(self) -> None:
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        self.watchers, self._watching = [], []
