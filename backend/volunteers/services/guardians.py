"""Guardians agree to a minor's service, and withdraw."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import SENT_BEFORE, Invalid, NotFound, Refusal, require
from backend.volunteers.acts import Acts
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Guardian, Purpose, Volunteer
from backend.volunteers.queries.privacy import guardian_out
from backend.volunteers.rules import may_keep_records_of
from backend.volunteers.schemas.privacy import GuardianIn, GuardianOut
from backend.volunteers.services.consents import withdraw_for


class RecordIdTaken(Refusal):
    """There is a record with this id already, and it is not the same."""

    slug = "record-id-taken"
    text = SENT_BEFORE


@transaction.atomic
def record_guardian(*, volunteer: Volunteer, wanted: GuardianIn, by: User, at: datetime) -> GuardianOut:
    """Note a guardian who agrees to a minor's service. The same id and content again is the same guardian.

    Locks the volunteer: nothing is noted of a volunteer who deletes everything meanwhile. Raises NotFound unless `by`
    keeps the person's records, RecordIdTaken, Invalid for an agreement of the future.
    """
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    grant = require(may_keep_records_of(by, volunteer, at))
    if wanted.consent_at > at:
        raise Invalid(errors=[{"pointer": "/consent_at", "detail": "must not be later than now"}])
    guardian = Guardian(
        pk=wanted.id, name=wanted.name, consent_at=wanted.consent_at, volunteer=volunteer, recorded_by=by
    )
    guardian.phone = wanted.phone
    held, created = Guardian.objects.get_or_create(
        pk=wanted.id,
        defaults={
            "volunteer": volunteer,
            "name": wanted.name,
            "phone_sealed": guardian.phone_sealed,
            "consent_at": wanted.consent_at,
            "recorded_by": by,
        },
    )
    same = (held.volunteer_id, held.name, held.phone, held.consent_at)
    require(same == (volunteer.pk, wanted.name, wanted.phone, wanted.consent_at), RecordIdTaken)
    if created:
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.GUARDIAN_RECORDED, f"volunteer.{volunteer.pk}", guardian=str(held.pk))
    return guardian_out(held)


@transaction.atomic
def withdraw_guardian(*, volunteer: Volunteer, guardian_id: UUID, by: User, at: datetime) -> None:
    """Note that a guardian no longer agrees: what the minor agreed to with this guardian ends at once.

    Locks the volunteer. Again changes nothing.
    """
    grant = require(may_keep_records_of(by, volunteer, at))
    locked = volunteers_to_lock().get(pk=volunteer.pk)
    guardian = locked.guardians.filter(pk=guardian_id).first()
    if guardian is None:
        raise NotFound
    if guardian.withdrawn_at is not None:
        return
    guardian.save(update_fields=guardian.withdraw(at=at))
    resting_on_it = guardian.consents.in_force().values_list("purpose", flat=True)
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.GUARDIAN_WITHDRAWN, f"volunteer.{locked.pk}", guardian=str(guardian.pk))
        withdraw_for(locked, [Purpose(purpose) for purpose in resting_on_it], act=act)
