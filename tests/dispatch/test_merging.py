"""A duplicate that tasks depend on is not merged before they end."""

from datetime import datetime, timedelta

import pytest

from backend.accounts.models import User
from backend.dispatch import services
from backend.dispatch.models import Assignment, AssignmentStatus, Task
from backend.volunteers.models import Volunteer
from backend.volunteers.services.merging import NotMergeable, merge_volunteers
from tests.conftest import Formation, MakeVolunteer
from tests.dispatch.conftest import Ask, MakeTask

DUTY_AT_MOST = timedelta(hours=24)


@pytest.fixture
def asked(make_task: MakeTask, ask: Ask, volunteer: User, formation: Formation) -> tuple[Task, Volunteer]:
    """Ask the volunteer for a task."""
    task = make_task()
    ask(task, formation.squadron_a)
    return Task.objects.get(pk=task.pk), volunteer.volunteer


@pytest.mark.parametrize(
    "status", [AssignmentStatus.OFFERED, AssignmentStatus.RESERVE, AssignmentStatus.ACCEPTED]
)
def test_whoever_is_asked_or_takes_part_is_not_merged(
    status: AssignmentStatus,
    asked: tuple[Task, Volunteer],
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    _, duplicate = asked
    Assignment.objects.filter(volunteer=duplicate).update(status=status)
    kept = make_volunteer(formation.squadron_a)

    with pytest.raises(NotMergeable, match="takes part"):
        merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=commander, at=at)
    # The other way round nothing is lost: the record that is asked is the one that stays.
    assert merge_volunteers(kept=duplicate.number, duplicate=kept.number, by=commander, at=at) == duplicate


def test_whose_task_was_called_off_is_merged(
    asked: tuple[Task, Volunteer],
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    task, duplicate = asked
    kept = make_volunteer(formation.squadron_a)
    services.cancel_task(task_id=task.pk, reason="rain", by=commander, at=at)

    assert merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=commander, at=at) == kept


def test_whose_task_was_long_ago_is_merged(
    asked: tuple[Task, Volunteer],
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    task, duplicate = asked
    Assignment.objects.filter(volunteer=duplicate).update(status=AssignmentStatus.ACCEPTED)
    kept = make_volunteer(formation.squadron_a)

    later = task.starts_at + DUTY_AT_MOST
    assert merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=commander, at=later) == kept
