"""Why an act on a task is not done."""

from django.utils.translation import gettext_lazy as _

from backend.lib.errors import SENT_BEFORE, Refusal


class TaskIdTaken(Refusal):
    """There is a task with this id already, and it is not the same."""

    slug = "task-id-taken"
    text = SENT_BEFORE


class LifeAtStakeNotYours(Refusal):
    """Only commanders and dispatchers of the unit, or of one above it, say that life is at stake; use `urgent`."""

    status = 403
    slug = "life-at-stake-not-yours"
    text = _(
        "Only commanders and dispatchers say that life is at stake. Choose “urgent”: it asks the same people."
    )


class CallOutIdTaken(Refusal):
    """There is a call-out with this id already, and it is not the same."""

    slug = "call-out-id-taken"
    text = SENT_BEFORE


class TaskOver(Refusal):
    """The task was called off."""

    slug = "task-over"
    text = _("The task was called off or takes no more people.")


class OfferExpired(Refusal):
    """The time to answer has passed."""

    slug = "offer-expired"
    text = _("The time to answer has passed.")


class NobodyToAsk(Refusal):
    """No member of these units can be asked now."""

    slug = "nobody-to-ask"
    text = _(
        "No member of these units can be asked now: off duty and not to be woken, asked already, or without what"
        " the task needs."
    )


class TooManyToAsk(Refusal):
    """One call-out reaches at most 100,000 people: call fewer units at a time."""

    slug = "too-many-to-ask"
    text = _("One call-out reaches at most 100,000 people. Choose fewer units.")


class OwnAnswerStands(Refusal):
    """The volunteer has answered this themself; only they change it."""

    slug = "own-answer-stands"
    text = _("The volunteer has answered this themself. Only they can change it.")


class AnswersByDevice(Refusal):
    """The volunteer is signed in on a device: they accept there themself."""

    slug = "answers-by-device"
    text = _("This volunteer is signed in on a phone and accepts there. You can note that they declined.")


class MinorAnswers(Refusal):
    """No leader accepts for a minor."""

    slug = "minor-answers"
    text = _("No leader accepts for a minor. They answer themself, on a phone.")


class RiskNotAcknowledged(Refusal):
    """This is dangerous service: read the notice of its risks, then accept with `risk_acknowledged`."""

    slug = "risk-not-acknowledged"
    text = _("This is dangerous service. Read the notice of its risks, then accept.")


class CredentialsMissing(Refusal):
    """For this service your insurance, training and written agreement must be valid then; ask your leader."""

    slug = "credentials-missing"
    text = _(
        "For this service your insurance, training and written agreement must be valid then. Ask your leader."
    )


class ForAdultsOnly(Refusal):
    """Rescue, and work at night, are only for people known to be 18."""

    slug = "for-adults-only"
    text = _("Rescue, and work at night, are only for people known to be 18.")


class GuardianDisagrees(Refusal):
    """Your guardian does not agree to your service, or has not said so yet; ask your leader."""

    slug = "guardian-disagrees"
    text = _("Your guardian does not agree to your service, or has not said so yet. Ask your leader.")


class StillOnTask(Refusal):
    """You are on a task that you accepted: give it back, or wait until it is over."""

    slug = "still-on-task"
    text = _("You are on a task that you accepted. Give it back, or wait until it is over.")
