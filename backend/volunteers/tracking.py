"""Since when somebody may be located."""

from datetime import datetime

from backend.realtime.positions import DRIFT


def agreed_since(since: datetime, agreed_at: datetime) -> datetime:
    """Return since when somebody is tracked who could be tracked since `since` and has agreed since `agreed_at`.

    The drift that is forgiven to a phone's clock at the beginning of a duty is not forgiven before an agreement.
    """
    return since if agreed_at <= since else agreed_at + DRIFT
