"""What is seen of a phone: its requests, frames, openings and closes, in the order in which they happened."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

Frame = dict[str, Any]
Headers = dict[str, str]
"""Names in small letters."""


class NotSeen(Exception):
    """What was waited for did not come in time."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Seen:
    """Something that happened, on the monotonic clock."""

    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Asked(Seen):
    """A request of the phone; `opens` is one for a socket."""

    method: str
    target: str
    headers: Headers
    body: Any = None
    opens: bool = False

    @property
    def path(self) -> str:
        """The address without what stands behind the question mark."""
        return self.target.partition("?")[0]

    @property
    def token(self) -> str:
        """The access token that it brings, in the header or as a subprotocol; empty without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
        offered = [name.strip() for name in self.headers.get("sec-websocket-protocol", "").split(",")]
        return next((name.removeprefix("bearer.") for name in offered if name.startswith("bearer.")), "")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Answered(Seen):
    """The end of a request; `reached` tells whether the phone was given the answer, `ours` whether the kit made it."""

    asked: Asked
    status: int
    body: Any = None
    reached: bool = True
    ours: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Opened(Seen):
    """A handshake that succeeded."""

    socket: int
    asked: Asked


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sent(Seen):
    """A frame of the phone. `text` is what came; `frame` is empty when that is no JSON object."""

    socket: int
    frame: Frame
    text: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Told(Seen):
    """A frame that was given to the phone."""

    socket: int
    frame: Frame


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Kept(Seen):
    """A frame of the server that was kept from the phone."""

    socket: int
    frame: Frame


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Closed(Seen):
    """The end of a socket: `by` the phone, the server or the kit. 1006 is a line that broke."""

    socket: int
    code: int
    by: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Wished(Seen):
    """What the person was asked to do."""

    word: str
    task: str = ""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Over(Seen):
    """The end of a trial: what a phone has not made good by then is not its fault again in the next."""


Kind = TypeVar("Kind", bound=Seen)


@dataclass
class Trace:
    """All of it; a trial that waits for something is told when it happens."""

    entries: list[Seen] = field(default_factory=list)
    _waiting: dict[asyncio.Future[Seen], Callable[[Seen], bool]] = field(default_factory=dict)

    def add(self, entry: Seen) -> None:
        """Take what has happened."""
        self.entries.append(entry)
        for future, wanted in list(self._waiting.items()):
            if not future.done() and wanted(entry):
                future.set_result(entry)

    @property
    def mark(self) -> int:
        """The place where the next entry will stand."""
        return len(self.entries)

    def all(
        self, kind: type[Kind], where: Callable[[Kind], bool] = lambda _: True, *, since: int = 0
    ) -> Iterator[Kind]:
        """Yield what has happened since a mark."""
        for entry in self.entries[since:]:
            if isinstance(entry, kind) and where(entry):
                yield entry

    async def first(
        self,
        kind: type[Kind],
        where: Callable[[Kind], bool] = lambda _: True,
        *,
        since: int,
        within_s: float,
    ) -> Kind:
        """Return the first that has happened since a mark, or happens in time. Raises NotSeen."""
        for entry in self.all(kind, where, since=since):
            return entry

        def wanted(entry: Seen) -> bool:
            return isinstance(entry, kind) and where(entry)

        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._waiting[future] = wanted
        try:
            async with asyncio.timeout(within_s):
                found = await future
        except TimeoutError as late:
            raise NotSeen from late
        finally:
            del self._waiting[future]
        assert isinstance(found, kind)
        return found
