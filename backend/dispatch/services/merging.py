"""Keeps records apart while tasks depend on both."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from backend.dispatch.models import Assignment, AssignmentStatus, TaskStatus
from backend.volunteers.models import Volunteer
from backend.volunteers.services.merging import NotMergeable


def require_no_part(duplicate: Volunteer, at: datetime) -> None:
    """Raise NotMergeable for a duplicate that is asked for a task or takes part in one: its account is closed."""
    lasts = settings.MUSTER.max_duty
    asked = Q(status__in=[AssignmentStatus.OFFERED, AssignmentStatus.RESERVE], task__status=TaskStatus.CALLED)
    taking_part = Q(
        status=AssignmentStatus.ACCEPTED,
        task__status__in=[TaskStatus.CALLED, TaskStatus.CLOSED],
        task__starts_at__gt=at - lasts,
    )
    if Assignment.objects.filter(asked | taking_part, volunteer=duplicate).exists():
        raise NotMergeable(
            "The duplicate is asked for a task or takes part in one; let it end, or decline it, first."
        )
