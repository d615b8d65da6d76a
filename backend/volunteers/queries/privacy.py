"""Reads what people have agreed to, who looked at them, and their guardians and credentials."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from backend.accounts.models import User
from backend.volunteers.consents import WORDINGS
from backend.volunteers.models import AccessEntry, Credential, Guardian, Volunteer
from backend.volunteers.queries.masking import masked
from backend.volunteers.rules import is_known_minor
from backend.volunteers.schemas.privacy import (
    ConsentOut,
    CredentialOut,
    GuardianOut,
    LookOut,
    LookPage,
)

LOOKS = 50


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


def looks_at(user: User, *, after: int | None = None, page: int = LOOKS) -> LookPage:
    """Return up to 50 looks at a person, newest first; `after` is `next` of the page before."""
    looks = AccessEntry.objects.filter(subject__user=user).select_related("viewer__volunteer").order_by("-pk")
    rows = list((looks.filter(pk__lt=after) if after else looks)[: page + 1])
    items = [
        LookOut.model_validate(
            {
                "at": look.at,
                "what": look.what,
                "viewer": look.viewer.volunteer.number,
                "viewer_name": look.viewer.volunteer.name,
            }
        )
        for look in rows[:page]
    ]
    return LookPage(items=items, next=rows[page - 1].pk if len(rows) > page else None)


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
