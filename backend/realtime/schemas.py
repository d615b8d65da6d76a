"""What the REST views and the commands of realtime take and give."""

from typing import Any

from backend.lib.shapes import Instant, Request, Shape
from backend.realtime.frames import Cursors, EpochName, EventFrame


class Nothing(Request):
    """An empty body."""


class Done(Shape):
    """It is done."""

    ok: bool = True


class CatchUpIn(Request):
    """How far the phone has got; a topic without a cursor of this epoch is answered by a snapshot."""

    epoch: EpochName | None = None
    cursors: Cursors = {}


class CaughtUp(Shape):
    """Where one topic stands, and what was missed."""

    head: int
    recovered: bool
    snapshot: dict[str, Any] | None
    events: list[EventFrame]


class CatchUpOut(Shape):
    """Every topic of one's own, and the others that were named and may be seen; `unknown` are those that may not.

    `epoch` goes with the cursors from now on.
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
    """The receipt was taken. `unknown` are topics that there are not, or that one may not see.

    When `epoch` is another than the receipt's, nothing of it counts: catch up first.
    """

    epoch: str
    unknown: list[str]


class Health(Shape):
    """Whether this process can do its work; `checks` names what it asked, `alarms` what an operator has to look at."""

    ok: bool
    checks: dict[str, bool]
    alarms: list[str] = []
