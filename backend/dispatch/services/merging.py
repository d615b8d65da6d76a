"""Keeps records apart while tasks depend on both."""

from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db.models import Q

from backend.dispatch.models import Assignment, AssignmentStatus, TaskStatus
from backend.volunteers.models import Volunteer
from backend.volunteers.services.merging import hinders_merging


@hinders_merging
def takes_part(duplicate: Volunteer, at: datetime) -> str:
    """Say so when the duplicate is asked for a task or takes part in one: the place would be of a closed account."""
    lasts = cast(timedelta, settings.MUSTER["MAX_DUTY"])
    asked = Q(status__in=[AssignmentStatus.OFFERED, AssignmentStatus.RESERVE], task__status=TaskStatus.CALLED)
    taking_part = Q(
        status=AssignmentStatus.ACCEPTED,
        task__status__in=[TaskStatus.CALLED, TaskStatus.CLOSED],
        task__starts_at__gt=at - lasts,
    )
    if not Assignment.objects.filter(asked | taking_part, volunteer=duplicate).exists():
        return ""
    return "The duplicate is asked for a task or takes part in one; let it end, or decline it, first."
