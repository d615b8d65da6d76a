"""Takes volunteers out: what is kept of an erased one is emptied, an imported batch is deleted."""

from datetime import datetime
from uuid import UUID

from django.db import connection, models

from backend.accounts.acting import Act
from backend.accounts.services.closing import delete_accounts
from backend.lib.sealed import empty_sealed
from backend.volunteers.models import Membership, Volunteer
from backend.volunteers.services.counts import recount
from backend.volunteers.services.standing import end_all_posts


def end_service(volunteer: Volunteer, *, act: Act) -> None:
    """End what a locked volunteer does, and delete the plans, and the words and papers of others about them."""
    end_all_posts(volunteer, act=act)
    for rows in (
        *(volunteer.weekly_availability, volunteer.dated_availability),
        *(volunteer.memberships, volunteer.duty_periods, volunteer.looks),
    ):
        rows.all().delete()
    volunteer.guardians.not_withdrawn().update(withdrawn_at=act.at)
    volunteer.guardians.update(name="", phone_sealed="")
    volunteer.credentials.update(reference="")


def empty_record(volunteer: Volunteer, *, at: datetime) -> None:
    """Empty the columns that identify a locked volunteer. The number stays, and leads to no name any more."""
    volunteer.skills.clear()
    volunteer.name, volunteer.born_on, volunteer.erased_at = "", None, at
    volunteer.retire(at=at)
    empty_sealed(volunteer)
    volunteer.save()


def delete_batch(batch_id: UUID, *, at: datetime) -> int:
    """Delete the volunteers of an import with their accounts; returns how many. Only inside a transaction.

    Raises IntegrityError for a row that refers to them and was added at the same moment.
    """
    units = list(
        Membership.objects.filter(volunteer__batch_id=batch_id)
        .order_by()
        .values_list("unit", flat=True)
        .distinct()
    )
    key = [models.UUIDField().get_db_prep_value(batch_id, connection)]
    people = "(SELECT id FROM volunteers_volunteer WHERE batch_id = %s)"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM volunteers_volunteer_skills WHERE volunteer_id IN {people}", key)  # noqa: S608
        cursor.execute(f"DELETE FROM volunteers_accessentry WHERE subject_id IN {people}", key)  # noqa: S608
        cursor.execute(f"DELETE FROM volunteers_membership WHERE volunteer_id IN {people}", key)  # noqa: S608
        cursor.execute("SELECT user_id FROM volunteers_volunteer WHERE batch_id = %s", key)
        users = [id for (id,) in cursor.fetchall()]
        cursor.execute("DELETE FROM volunteers_volunteer WHERE batch_id = %s", key)
    delete_accounts(users)
    recount(units, at=at)
    return len(users)
