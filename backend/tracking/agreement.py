"""Since when somebody may be located."""

from datetime import datetime, timedelta

DRIFT = timedelta(minutes=2)
"""How far a phone's clock may be off at either end of the time in which its fixes are taken."""


def agreed_since(since: datetime, agreed_at: datetime) -> datetime:
    """Return since when somebody is tracked who could be tracked since `since` and has agreed since `agreed_at`.

    The drift that is forgiven to a phone's clock at the beginning of a duty is not forgiven before an agreement.
    """
    return since if agreed_at <= since else agreed_at + DRIFT


def not_agreed_until(since: datetime, until: datetime, agreed_at: datetime | None) -> datetime:
    """Return until when a time that began at `since` was one without an agreement; None: it is one to its end."""
    return until if agreed_at is None else max(since, min(until, agreed_since(since, agreed_at)))
