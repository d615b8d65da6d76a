"""The times of occasions and policies."""

from datetime import datetime, timedelta

from backend.lib.errors import Invalid

AHEAD = timedelta(days=366)
"""How far ahead they may begin: a year is a plan, a century a slip of the finger."""


def check_time(from_at: datetime, until_at: datetime, at: datetime) -> None:
    """Raise Invalid for a time that is over, or that begins in more than a year."""
    if until_at <= at:
        raise Invalid(errors=[{"pointer": "/until_at", "detail": "must be in the future"}])
    if from_at > at + AHEAD:
        raise Invalid(errors=[{"pointer": "/from_at", "detail": "must be within a year"}])
