"""What clients see of a roster that came again, and how they decide on it."""

from typing import Literal

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from backend.lib.shapes import Instant, Request, Shape, VolunteerNumber
from backend.rosters.models import DifferenceKind, DifferencePart, DifferenceState

Decision = TypeAliasType("Decision", Literal["take", "leave"])
LAST = 2**63 - 1


class DifferenceDecision(Request):
    """Take one difference over into the record, or leave the record as it is."""

    decision: Decision


class DifferencesDecision(Request):
    """Take many differences over, or leave them: those of a kind, of a part, or all that no leader has decided on.

    At most 500 are decided at once, 50 of them by moving people. `after` is `next` of the answer before.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "take", "part": "name"}]})

    decision: Decision
    kind: DifferenceKind | None = None
    part: DifferencePart | None = None
    after: int = Field(default=0, ge=0, le=LAST)


class DifferenceOut(Shape):
    """A part of a known person that the file says otherwise.

    `kind` is `changed` or `moved`, which can be taken over; `needs_request`, which an import never writes;
    `inconsistent`, whose `reason` says what contradicts (decide by `code`); or `gone`: a member of one of the file's
    units who is not in the file. `before` is what the record said when the file was compared with it, `after` what
    the file says: a name, a masked phone, codes of skills, a unit. Neither is told of a date of birth or a card.
    `row`, in `sheet`, is where the person stands in the file. `state` is `open`, `taken`, `left`, `overtaken` (the
    record was changed since, and was not overwritten) or `undone`.
    """

    id: int
    kind: DifferenceKind
    part: DifferencePart
    code: str
    reason: str
    sheet: str
    row: int | None
    volunteer: VolunteerNumber
    name: str
    before: str
    after: str
    state: DifferenceState
    decided_at: Instant | None


class DifferenceCount(Shape):
    """How many differences of a kind and a part are in a state."""

    kind: DifferenceKind
    part: DifferencePart
    state: DifferenceState
    count: int


class Differences(Shape):
    """The differences of an import, 100 at a time; `next` is what to ask for with `after`, null at the end."""

    counts: list[DifferenceCount]
    items: list[DifferenceOut]
    next: int | None


class DifferencesDecided(Shape):
    """What has become of the differences that were looked at; ask again with `after` until `next` is null.

    `overtaken`: the record was changed since, and was not overwritten. `refused`: the caller may not change that of
    those people.
    """

    taken: int
    left: int
    overtaken: int
    refused: int
    next: int | None
