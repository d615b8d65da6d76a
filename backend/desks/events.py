"""What happens to duty desks."""

from backend.desks.schemas import HoursUncovered, UncoveredBecause
from backend.realtime.events import Event


class DeskChanged(Event, type="desk.changed", topics=("unit",)):
    """Another person is on the desk of the unit, or it has another telephone: read `GET /units/{number}/desk` again.

    Told when the plan was edited or a volunteer left it; not when one shift follows another as planned.
    """

    unit: str


class DeskUncovered(Event, type="desk.uncovered", topics=("person",)):
    """No person is on the desk of `unit` in these hours, at most 50 stretches. Sent to each leader of the unit.

    `because`: a `night` is near (told once for each night, the day before), or a volunteer has `left` the plan.
    """

    unit: str
    because: UncoveredBecause
    hours: list[HoursUncovered]
