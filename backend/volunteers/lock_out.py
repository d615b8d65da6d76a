"""Counts wrong guesses at accounts: for each address that guesses, and for all of them together."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

MOST_EVERYWHERE = 100
"""Wrong guesses at an account, from all addresses, that lock it for everybody.

Fewer, and whoever knows a number, which stands on every armband, could keep its owner out for ever.
"""


class LockOut(AxesDatabaseHandler):
    """Locks an account for one address after `AXES_FAILURE_LIMIT` wrong guesses, for all after `MOST_EVERYWHERE`."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the wrong guesses that count; those from everywhere weigh less."""
        # In the order of AXES_LOCKOUT_PARAMETERS.
        from_here, from_everywhere = (
            attempts.aggregate(wrong=Sum("failures_since_start"))["wrong"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(from_here, from_everywhere * settings.AXES_FAILURE_LIMIT // MOST_EVERYWHERE)
