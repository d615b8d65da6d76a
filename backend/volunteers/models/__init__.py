"""The formation and its people."""

from backend.volunteers.models.accounts import Device, SignedOutBy, User, UserManager, phone_key
from backend.volunteers.models.applications import Application, ApplicationStatus
from backend.volunteers.models.availability import DatedAvailability, WeeklyAvailability
from backend.volunteers.models.badges import Badge, Photo
from backend.volunteers.models.consents import Consent, Purpose
from backend.volunteers.models.counts import UnitCount, counted
from backend.volunteers.models.credentials import Credential, CredentialKind
from backend.volunteers.models.emblems import Emblem
from backend.volunteers.models.guardians import Guardian
from backend.volunteers.models.imports import (
    WORKING,
    ImportStatus,
    Newcomer,
    NewcomerNumber,
    Outcome,
    ReportedRow,
    RosterImport,
)
from backend.volunteers.models.invitations import Invitation
from backend.volunteers.models.looks import Look, LookedAt
from backend.volunteers.models.numbers import (
    NumberAlias,
    NumberBlock,
    NumberCounter,
    Series,
    WalkIn,
    series_of,
)
from backend.volunteers.models.people import (
    ADULT_AGE,
    DutyPeriod,
    Membership,
    Skill,
    Standing,
    Volunteer,
    adult_if_born_until,
)
from backend.volunteers.models.posts import DISPATCHING_ROLES, MANAGING_ROLES, RANKS, Post, Role, roles_from
from backend.volunteers.models.retention import RetentionRun
from backend.volunteers.models.second_factors import Challenge, RecoveryCode, SecondFactor, TrustedDevice
from backend.volunteers.models.trackers import Tracker, TrackerDay, WhyNotStored, hash_of_secret
from backend.volunteers.models.transfers import Side, Transfer, TransferStatus
from backend.volunteers.models.units import PartnerKind, Unit, UnitKind, line_to

__all__ = [
    "ADULT_AGE",
    "DISPATCHING_ROLES",
    "MANAGING_ROLES",
    "RANKS",
    "WORKING",
    "Application",
    "ApplicationStatus",
    "Badge",
    "Challenge",
    "Consent",
    "Credential",
    "CredentialKind",
    "DatedAvailability",
    "Device",
    "DutyPeriod",
    "Emblem",
    "Guardian",
    "ImportStatus",
    "Invitation",
    "Look",
    "LookedAt",
    "Membership",
    "Newcomer",
    "NewcomerNumber",
    "NumberAlias",
    "NumberBlock",
    "NumberCounter",
    "Outcome",
    "PartnerKind",
    "Photo",
    "Post",
    "Purpose",
    "RecoveryCode",
    "ReportedRow",
    "RetentionRun",
    "Role",
    "RosterImport",
    "SecondFactor",
    "Series",
    "Side",
    "SignedOutBy",
    "Skill",
    "Standing",
    "Tracker",
    "TrackerDay",
    "Transfer",
    "TransferStatus",
    "TrustedDevice",
    "Unit",
    "UnitCount",
    "UnitKind",
    "User",
    "UserManager",
    "Volunteer",
    "WalkIn",
    "WeeklyAvailability",
    "WhyNotStored",
    "adult_if_born_until",
    "counted",
    "hash_of_secret",
    "line_to",
    "phone_key",
    "roles_from",
    "series_of",
]
