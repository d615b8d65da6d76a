"""Why an act on a task is not done."""

from backend.lib.errors import Refusal


class TaskIdTaken(Refusal):
    """There is a task with this id already, and it is not the same."""


class CallOutIdTaken(Refusal):
    """There is a call-out with this id already, and it is not the same."""


class TaskOver(Refusal):
    """The task was called off."""


class OfferExpired(Refusal):
    """The time to answer has passed."""


class NobodyToAsk(Refusal):
    """Nobody in these units can be asked now."""


class TooManyToAsk(Refusal):
    """One call-out reaches at most 100,000 people: call fewer units at a time."""


class RiskNotAcknowledged(Refusal):
    """This is dangerous service: read the notice of its risks, then accept with `risk_acknowledged`."""


class CredentialsMissing(Refusal):
    """For this service your insurance, training and written agreement must be valid then; ask your leader."""


class ForAdultsOnly(Refusal):
    """Rescue, and work at night, are only for people known to be 18."""


class GuardianDisagrees(Refusal):
    """Your guardian does not agree to your service, or has not said so yet; ask your leader."""


class StillOnTask(Refusal):
    """You are on a task that you accepted: give it back, or wait until it is over."""
