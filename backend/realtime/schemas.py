"""What the REST doors of realtime take and give."""

from typing import Annotated, Any

from pydantic import Field

from backend.lib.problems import FieldError
from backend.lib.wire import Instant, Request, Shape
from backend.realtime.frames import Cursors, EpochName, EventFrame, FixIn, Verdict


class PositionsIn(Request):
    """Positions of one's own, oldest first. The body may be packed: `Content-Encoding: gzip`."""

    fixes: Annotated[list[FixIn], Field(min_length=1, max_length=10_000)]


class PositionsOut(Shape):
    """For each fix in the order given, what became of it.

    Stored: `accepted`, or `duplicate` (it was there already). Refused, and not worth sending again: `off_duty` (neither
    on duty nor on a task then), `no_consent` (not agreed to being located), `future` (by the server's clock), `too_old`
    (more than a week), `invalid` (no fix, `errors` names what is wrong).
    """

    results: list[Verdict]
    errors: list[FieldError] | None = None


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
