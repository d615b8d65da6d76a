"""The shapes that the REST views and the commands of realtime receive and return."""

from typing import Any

from backend.lib.shapes import Instant, Request, Shape
from backend.realtime.frames import Cursors, EpochName, EventFrame


class Nothing(Request):
    """An empty body."""


class Done(Shape):
    """It is done."""

    ok: bool = True


class CatchUpIn(Request):
    """The phone's cursors; a topic without a cursor of this epoch is answered by a snapshot."""

    epoch: EpochName | None = None
    cursors: Cursors = {}


class CaughtUp(Shape):
    """The state of one topic, and its missed events."""

    head: int
    recovered: bool
    snapshot: dict[str, Any] | None
    events: list[EventFrame]


class CatchUpOut(Shape):
    """The caller's own topics, and the named ones that the caller may see; `unknown` are the other named ones.

    Store `epoch` with the cursors.
    """

    epoch: str
    topics: dict[str, CaughtUp]
    unknown: list[str]
    server_time: Instant


class ReceiptsIn(Request):
    """How far a phone without a socket has received and its person has seen each topic."""

    epoch: EpochName
    delivered: Cursors = {}
    seen: Cursors = {}


class ReceiptsOut(Shape):
    """The receipt was taken. `unknown` are named topics that do not exist, or that the caller may not see.

    When `epoch` differs from the receipt's, the receipt has no effect: catch up first.
    """

    epoch: str
    unknown: list[str]


class Health(Shape):
    """Whether this process can do its work; `checks` are its single results, `alarms` are for the operator."""

    ok: bool
    checks: dict[str, bool]
    alarms: list[str] = []
