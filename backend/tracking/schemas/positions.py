"""The frames and bodies with positions, and the answers to phones."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from backend.lib.datum import Datum
from backend.lib.problems import FieldError
from backend.lib.shapes import Instant, Request, Shape
from backend.realtime.frames import FrameId


class FixIn(Request):
    """One position: where, when by the phone's clock, in which datum."""

    at: Instant
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    datum: Datum
    acc_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    battery: Annotated[int, Field(ge=0, le=100)] | None = None
    speed_mps: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] | None = None


class PositionFrame(BaseModel):
    """Positions, numbered by the phone; answered by `stored` with the same number once they are in the database."""

    model_config = ConfigDict(frozen=True)
    type: Literal["position"] = "position"
    n: FrameId
    fixes: Annotated[list[FixIn], Field(min_length=1, max_length=100)]


Verdict = TypeAliasType(
    "Verdict", Literal["accepted", "duplicate", "off_duty", "no_consent", "future", "too_old", "invalid"]
)
"""What became of a fix.

Stored: `accepted`, or `duplicate` (it was there already). Refused, and not worth sending again: `off_duty` (neither on
duty nor on a task then), `no_consent` (not agreed to being located), `future` (by the server's clock), `too_old` (more
than a week), `invalid` (no fix, see `errors`).
"""


class Stored(Shape):
    """The positions of frame `positions` were dealt with: `results` says what became of each, in order.

    `refused` of them are not in the database. From now on report every `every_s` seconds: more often on a task than
    while waiting for one. `errors`, where some are `invalid`, names what is wrong in them.
    """

    type: Literal["stored"] = "stored"
    positions: int
    refused: int = 0
    results: list[Verdict]
    every_s: int
    errors: list[FieldError] | None = None


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
