"""The formation and its people."""

from backend.volunteers.models.accounts import Device, User, UserManager, phone_key
from backend.volunteers.models.imports import (
    WORKING,
    ImportStatus,
    Newcomer,
    NewcomerIdentity,
    Outcome,
    ReportedRow,
    RosterImport,
)
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
from backend.volunteers.models.trackers import Tracker, hash_of_secret
from backend.volunteers.models.units import Unit, UnitKind

__all__ = [
    "ADULT_AGE",
    "DISPATCHING_ROLES",
    "MANAGING_ROLES",
    "WORKING",
    "Device",
    "DutyPeriod",
    "ImportStatus",
    "Membership",
    "Newcomer",
    "NewcomerIdentity",
    "NumberCounter",
    "Outcome",
    "Post",
    "ReportedRow",
    "Role",
    "RosterImport",
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
