"""The formation and its people."""

from backend.volunteers.models.accounts import Device, User, UserManager, phone_key
from backend.volunteers.models.consents import Consent, Purpose
from backend.volunteers.models.credentials import Credential, CredentialKind
from backend.volunteers.models.guardians import Guardian
from backend.volunteers.models.looks import Look, LookedAt
from backend.volunteers.models.numbers import NumberCounter
from backend.volunteers.models.people import (
    ADULT_AGE,
    DutyPeriod,
    Membership,
    Skill,
    Standing,
    Volunteer,
    adult_if_born_until,
)
from backend.volunteers.models.posts import DISPATCHING_ROLES, MANAGING_ROLES, Post, Role
from backend.volunteers.models.retention import RetentionRun
from backend.volunteers.models.trackers import Tracker, hash_of_secret
from backend.volunteers.models.units import Unit, UnitKind

__all__ = [
    "ADULT_AGE",
    "DISPATCHING_ROLES",
    "MANAGING_ROLES",
    "Consent",
    "Credential",
    "CredentialKind",
    "Device",
    "DutyPeriod",
    "Guardian",
    "Look",
    "LookedAt",
    "Membership",
    "NumberCounter",
    "Post",
    "Purpose",
    "RetentionRun",
    "Role",
    "Skill",
    "Standing",
    "Tracker",
    "Unit",
    "UnitKind",
    "User",
    "UserManager",
    "Volunteer",
    "adult_if_born_until",
    "hash_of_secret",
    "phone_key",
]
