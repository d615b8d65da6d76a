"""Records of insurance, training and agreements."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import Invalid, NotFound, require
from backend.volunteers.acts import Acts
from backend.volunteers.locks import credentials_to_lock, volunteers_to_lock
from backend.volunteers.models import Credential, Volunteer
from backend.volunteers.queries.privacy import credential_out
from backend.volunteers.rules import may_keep_records_of
from backend.volunteers.schemas.privacy import CredentialIn, CredentialOut
from backend.volunteers.services.guardians import RecordIdTaken


@transaction.atomic
def record_credential(*, volunteer: Volunteer, wanted: CredentialIn, by: User, at: datetime) -> CredentialOut:
    """Note an insurance, a training or an agreement. The same id and content again is the same record.

    Locks the volunteer: nothing is noted of a volunteer who deletes everything meanwhile. Raises NotFound unless `by`
    keeps the person's records, RecordIdTaken, Invalid for an end before the beginning.
    """
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    grant = require(may_keep_records_of(by, volunteer, at))
    if wanted.valid_until is not None and wanted.valid_until <= wanted.valid_from:
        raise Invalid(errors=[{"pointer": "/valid_until", "detail": "must be later than valid_from"}])
    content = {
        "volunteer_id": volunteer.pk,
        "kind": wanted.kind,
        "reference": wanted.reference,
        "valid_from": wanted.valid_from,
        "valid_until": wanted.valid_until,
    }
    held, created = Credential.objects.get_or_create(pk=wanted.id, defaults={**content, "recorded_by": by})
    require(all(getattr(held, name) == value for name, value in content.items()), RecordIdTaken)
    if created:
        with acting(by=by, at=at, grant=grant) as act:
            subject = f"volunteer.{volunteer.pk}"
            act.record(Acts.CREDENTIAL_RECORDED, subject, credential=str(held.pk), kind=wanted.kind)
    return credential_out(held)


@transaction.atomic
def revoke_credential(*, volunteer: Volunteer, credential_id: UUID, by: User, at: datetime) -> None:
    """End a record that was wrong, or that no longer holds. Again changes nothing."""
    grant = require(may_keep_records_of(by, volunteer, at))
    held = credentials_to_lock(volunteer.credentials.all()).filter(pk=credential_id).first()
    if held is None:
        raise NotFound
    if held.revoked_at is None:
        held.save(update_fields=held.revoke(at=at))
        with acting(by=by, at=at, grant=grant) as act:
            subject = f"volunteer.{volunteer.pk}"
            act.record(Acts.CREDENTIAL_REVOKED, subject, credential=str(held.pk), kind=held.kind)
