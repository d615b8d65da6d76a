"""Keeps records apart while tasks depend on both."""

from datetime import datetime

from backend.dispatch.models import is_open, takes_part
from backend.volunteers.models import Volunteer
from backend.volunteers.services.merging import NotMergeable


def require_no_part(duplicate: Volunteer, at: datetime) -> None:
    """Raise NotMergeable for a duplicate that is asked for a task or takes part in one: its account is closed."""
    if duplicate.assignments.filter(is_open(at) | takes_part(at)).exists():
        raise NotMergeable(
            "The duplicate is asked for a task or takes part in one; let it end, or decline it, first."
        )
