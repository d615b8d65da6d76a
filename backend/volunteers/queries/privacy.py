"""Reads what people have agreed to, and their guardians and credentials."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from backend.volunteers.consents import WORDINGS
from backend.volunteers.models import Credential, Guardian, Volunteer
from backend.volunteers.queries.masking import masked
from backend.volunteers.rules import is_known_minor
from backend.volunteers.schemas.privacy import (
    ConsentOut,
    CredentialOut,
    GuardianOut,
)


def consents_of(volunteer: Volunteer, *, language: str) -> list[ConsentOut]:
    """Return every purpose with the words that hold now, and whether the person agrees to them."""
    held = {(consent.purpose, consent.version): consent.given_at for consent in volunteer.consents.in_force()}
    return [
        ConsentOut.model_validate(
            {
                "purpose": purpose.value,
                "version": wording.version,
                "text": wording.text(language),
                "given_at": held.get((purpose.value, wording.version)),
            }
        )
        for purpose, wording in WORDINGS.items()
    ]


def guardians_of(volunteer: Volunteer) -> list[GuardianOut]:
    """Return a person's guardians, the newest first, those who no longer agree too."""
    return [guardian_out(guardian) for guardian in volunteer.guardians.order_by("-consent_at", "pk")]


def guardian_out(guardian: Guardian) -> GuardianOut:
    """Return a guardian with the phone masked."""
    return GuardianOut(
        id=guardian.pk,
        name=guardian.name,
        phone=masked(guardian.phone),
        consent_at=guardian.consent_at,
        withdrawn_at=guardian.withdrawn_at,
    )


def credentials_of(volunteer: Volunteer) -> list[CredentialOut]:
    """Return a person's insurances, trainings and agreements, the newest first, also those that are over."""
    return [credential_out(credential) for credential in volunteer.credentials.order_by("-valid_from", "pk")]


def credential_out(credential: Credential) -> CredentialOut:
    """Return a credential as clients see it."""
    return CredentialOut.model_validate(
        {
            "id": credential.pk,
            "kind": credential.kind,
            "reference": credential.reference,
            "valid_from": credential.valid_from,
            "valid_until": credential.valid_until,
            "revoked_at": credential.revoked_at,
        }
    )


def guardian_agrees(at: datetime, of: str = "pk", prefix: str = "") -> Q:
    """Return the condition of being no minor by a date of birth that is known, or having a guardian who agrees.

    `of` names the key of the volunteer in the rows asked for, `prefix` leads to the volunteer's own columns.
    """
    agreeing = Guardian.objects.agreeing(at).filter(volunteer=OuterRef(of))
    return Q(**{f"{prefix}born_on__isnull": True}) | ~is_known_minor(at, prefix) | Q(Exists(agreeing))
