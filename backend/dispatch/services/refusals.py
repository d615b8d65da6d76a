"""Why an act on a task is not done."""

from backend.lib.errors import Refusal


class TaskIdTaken(Refusal):
    """There is a task with this id already, and it is not the same."""


class CallOutIdTaken(Refusal):
    """There is a call-out with this id already, and it is not the same."""


class TaskOver(Refusal):
    """The task was called off or takes no more people."""


class OfferExpired(Refusal):
    """The time to answer has passed."""


class NobodyToAsk(Refusal):
    """Nobody in these units can be asked now."""


class TooManyToAsk(Refusal):
    """One call-out reaches at most 100,000 people: call fewer units at a time."""
