"""Processes of a server that may be killed, frozen and put right again, with a database and a bus of their own."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simulator.processes import Server
from simulator.stage import Stage
from simulator.throwaway import PrivatePostgres, PrivateRedis


class Droppable(Protocol):
    """What can lose its network for a moment."""

    def drop(self) -> None: ...


@dataclass(kw_only=True)
class Ground:
    """The processes; without `postgres` and `redis` there is one, with SQLite."""

    postgres: PrivatePostgres | None
    redis: PrivateRedis | None
    stage: Stage
    held: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """What something is being done to: two faults of one target come one after the other."""

    @property
    def phones(self) -> Sequence[Droppable]:
        """Return whom a fault may drop."""
        return ()

    def server(self, name: str) -> Server:
        """Return a process by its name."""
        if name == "redis":
            assert self.redis is not None
            return self.redis.server
        return next(server for server in self.stage.servers if server.name == name)

    async def mend(self) -> None:
        """Let everything run that should, whatever a schedule that broke off has left."""
        for server in [*([self.redis.server] if self.redis else []), *self.stage.servers]:
            if server.process is not None and server.process.poll() is None:
                os.killpg(server.process.pid, signal.SIGCONT)
        if self.postgres and not await asyncio.to_thread(self.postgres.is_running):
            await asyncio.to_thread(self.postgres.start)
        if self.redis and not self.redis.server.is_running():
            await asyncio.to_thread(self.redis.start)
        for server in self.stage.servers:
            if not server.is_running():
                server.start()
        await asyncio.to_thread(self.stage.wait)
