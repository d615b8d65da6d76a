"""People take out, or have deleted, what is kept of them."""

from datetime import datetime
from typing import Any

from axes.models import AccessAttempt
from django.db import transaction

from backend.audit.services import record
from backend.lib.errors import require
from backend.realtime.due import trim_topic
from backend.realtime.models import CommandResult, Fix, Receipt, Topic
from backend.realtime.positions import forget
from backend.realtime.sessions import revoke_session
from backend.volunteers.models import Purpose, Standing, User, Volunteer
from backend.volunteers.models.sealed_columns import SUFFIX
from backend.volunteers.own_data import PARTS
from backend.volunteers.queries.numbers import numbers_of
from backend.volunteers.schemas.privacy import Erased
from backend.volunteers.services.consents import withdraw_for
from backend.volunteers.services.counts import recount
from backend.volunteers.services.duty import set_duty

KEPT = (
    "The number, which nobody else is ever given.",
    "Since when and until when you agreed to what, without your name.",
    "The record of acts, by number.",
)


@transaction.atomic
def erase_person(*, by: User, at: datetime) -> Erased:
    """Delete everything of a person at once; the password has been checked.

    Name, phone, identity card, date of birth, skills, guardians, tracks, devices and sessions go; memberships and posts
    end. Service records stay with the number, which leads to nobody any more. Locks what the apps' checks lock, then
    the volunteer. Raises what a check raises: whoever is on a task that they accepted gives it back first.
    """
    # What the checks lock comes before the person, as everywhere: answering locks the task, then touches the account.
    for part in PARTS.values():
        part.check(by.volunteer, at)
    volunteer = Volunteer.objects.select_for_update().select_related("user").get(user=by)
    require(volunteer.erased_at is None)
    set_duty(on=False, by=by, at=at)
    volunteer.duty_since = volunteer.duty_until = None
    withdraw_for(volunteer, list(Purpose), by=by, at=at)
    for part in PARTS.values():
        part.erase(volunteer, at)
    _end_sessions(by, at)
    units = list(volunteer.memberships.values_list("unit", flat=True))
    _erase_service(volunteer, at)
    _erase_traces(volunteer, at)
    _erase_profile(volunteer, at)
    recount(units, at=at)
    record("volunteer.erased", subject=f"volunteer.{volunteer.pk}", by=by, at=at)
    kept = [*KEPT, *(part.kept for part in PARTS.values() if part.kept)]
    return Erased(number=f"{volunteer.number:08d}", erased_at=at, kept=kept)


def _end_sessions(user: User, at: datetime) -> None:
    for device in user.devices.filter(revoked_at=None):
        revoke_session(device.session, at=at)
    user.devices.all().delete()
    user.trackers.all().delete()
    AccessAttempt.objects.filter(username__in=[f"{user.volunteer.number:08d}", user.phone]).delete()


def _erase_service(volunteer: Volunteer, at: datetime) -> None:
    """End what the person does, and take out the words and papers of others about them."""
    volunteer.posts.filter(until_at=None).update(until_at=at)
    volunteer.posts.filter(until_at__gt=at).update(until_at=at)
    volunteer.memberships.all().delete()
    volunteer.duty_periods.all().delete()
    volunteer.looks.all().delete()
    volunteer.guardians.filter(withdrawn_at=None).update(withdrawn_at=at)
    volunteer.guardians.update(name="", phone_sealed="")
    volunteer.credentials.update(reference="")


def _erase_traces(volunteer: Volunteer, at: datetime) -> None:
    """Delete what stands under the person's number, and under those they had before."""
    numbers = numbers_of(volunteer)
    forget(numbers, at=at)
    topics = [f"person.{number:08d}" for number in numbers]
    for topic, head in Topic.objects.filter(name__in=topics).values_list("name", "head"):
        trim_topic(topic, head)
    for model in (Fix, Receipt, CommandResult):
        model._default_manager.filter(person__in=numbers).delete()  # noqa: SLF001  # documented, of several models


def _erase_profile(volunteer: Volunteer, at: datetime) -> None:
    """Empty the columns that say who somebody is, also sealed ones that came after this was written."""
    user = volunteer.user
    user.set_unusable_password()
    user.is_active, user.language = False, ""
    for row in (user, volunteer):
        _empty_sealed(row)
    user.save()
    volunteer.skills.clear()
    Volunteer.objects.filter(merged_into=volunteer).update(name="", born_on=None, standing_reason="")
    volunteer.name, volunteer.born_on, volunteer.erased_at = "", None, at
    volunteer.standing = Standing.RETIRED
    volunteer.save()


def _empty_sealed(row: Any) -> None:
    """Empty every sealed column, and the key by which it is found."""
    names = {field.name for field in row._meta.concrete_fields}  # noqa: SLF001  # the documented way to a model's fields
    for name in names:
        if name.endswith(SUFFIX):
            setattr(row, name, "")
            key = f"{name.removesuffix(SUFFIX)}_key"
            if key in names:
                setattr(row, key, None)
