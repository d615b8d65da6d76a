"""What the REST doors of realtime take and give."""

from typing import Annotated, Any

from pydantic import Field

from backend.lib.wire import Request, Shape
from backend.realtime.frames import Cursors, EventFrame, FixIn


class PositionsIn(Request):
    """Positions of one's own, oldest first."""

    fixes: Annotated[list[FixIn], Field(min_length=1, max_length=1_000)]


class PositionsOut(Shape):
    """For each fix in the order given, whether it was stored; `false`: off duty then, or from the future."""

    stored: list[bool]


class CatchUpIn(Request):
    """How far the phone has got; a topic without a cursor is answered by a snapshot."""

    cursors: Cursors = {}


class CaughtUp(Shape):
    """Where one topic stands, and what was missed."""

    head: int
    recovered: bool
    snapshot: dict[str, Any] | None
    events: list[EventFrame]


class CatchUpOut(Shape):
    """Every topic of one's own, and the others that were named and may be seen."""

    topics: dict[str, CaughtUp]


class ReceiptsIn(Request):
    """How far a phone without a socket has received and its person has seen each topic."""

    delivered: Cursors = {}
    seen: Cursors = {}


class Health(Shape):
    """Whether this process can do its work; `checks` names what it asked."""

    ok: bool
    checks: dict[str, bool]
