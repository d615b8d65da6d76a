"""Records which viewer saw which volunteers on the live map, about once a minute and outside the feed."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable

from backend.lib.clock import now
from backend.realtime.connection import Connection
from backend.realtime.sync import in_thread
from backend.tracking.mapfeed.viewports import Picture
from backend.volunteers.services.access_log import note_sightings

logger = logging.getLogger(__name__)

NOTE_S = 60.0


class Sightings:
    """Volunteers by the user who saw them, until they are recorded."""

    def __init__(self) -> None:
        self._seen: defaultdict[int, set[int]] = defaultdict(set)
        self._noted = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    def saw(self, connection: Connection, picture: Picture) -> None:
        """Remember all volunteers who were on a screen while a console showed it, or shortly before."""
        if picture.shown:
            self._seen[connection.principal.user_id].update(map(int, picture.shown))

    def sweep(self, pictures: Iterable[Picture], *, at_once: bool = False) -> None:
        """Collect the volunteers on all screens once a minute, and record them in a thread.

        Sightings that could not be recorded, or still wait, are recorded with the next minute.
        """
        moment = time.monotonic()
        if moment - self._noted < NOTE_S and not at_once:
            return
        self._noted = moment
        for picture in pictures:
            for cohort in picture.cohorts:
                for connection in cohort.connections:
                    self.saw(connection, picture)
            picture.shown = set(picture.entries) if picture.shown else set()
        if self._seen and (self._task is None or self._task.done()):
            seen, self._seen = self._seen, defaultdict(set)
            self._task = asyncio.get_running_loop().create_task(self._note(seen))

    async def _note(self, seen: dict[int, set[int]]) -> None:
        try:
            await in_thread(note_sightings, seen, at=now())
        except Exception:
            logger.exception("who saw whom on the live map could not be noted; it is with the next minute's")
            for viewer, people in seen.items():
                self._seen[viewer] |= people
