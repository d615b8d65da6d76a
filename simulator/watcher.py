"""A leader's screen: a phone that also joins topics by name, again after every loss."""

import asyncio

from simulator.link import Link, Problem
from simulator.phone import Phone


class Watcher(Phone):
    """Follows its own topics like any phone, and the tasks that it watches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.watched: set[str] = set()
        self._here: set[str] = set()

    def watch(self, topic: str) -> None:
        """Join a topic now, and after every loss."""
        self.watched.add(topic)
        self._start(self._join_watched())

    def _greeted(self) -> None:
        super()._greeted()
        self._here = set()
        self._start(self._join_watched())

    async def _join_watched(self) -> None:
        """Join the topics that this socket lacks, one at a time, while no other read is in progress."""
        link = self._link
        while link is not None and self._link is link and (missing := self.watched - self._here):
            if self._held is not None:
                await asyncio.sleep(0.05)
                continue
            try:
                await self._join(link, min(missing))
            except Problem as problem:
                if problem.problem.get("status", 0) < 500:
                    raise
                await asyncio.sleep(0.5)

    async def _join(self, link: Link, topic: str) -> None:
        """Join from the cursor; frames that arrive before the reply is read wait for it."""
        cursor = self.journal.cursors().get(topic)
        async with self._holding(link):
            joined = await link.ask(
                "topic.join", body={"topic": topic, "epoch": self.epoch, "cursor": cursor}
            )
            if self._link is link:
                self._joined(topic, joined)
                self._here.add(topic)
