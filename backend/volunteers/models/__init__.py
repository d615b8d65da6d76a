"""The formation and its people."""

from backend.volunteers.models.accounts import Device, User, UserManager, phone_key
from backend.volunteers.models.badges import Badge, Photo
from backend.volunteers.models.invitations import Invitation
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
from backend.volunteers.models.second_factors import Challenge, RecoveryCode, SecondFactor, TrustedDevice
from backend.volunteers.models.trackers import Tracker, hash_of_secret
from backend.volunteers.models.units import Unit, UnitKind

__all__ = [
    "ADULT_AGE",
    "DISPATCHING_ROLES",
    "MANAGING_ROLES",
    "Badge",
    "Challenge",
    "Device",
    "DutyPeriod",
    "Invitation",
    "Membership",
    "NumberCounter",
    "Photo",
    "Post",
    "RecoveryCode",
    "Role",
    "SecondFactor",
    "Skill",
    "Standing",
    "Tracker",
    "TrustedDevice",
    "Unit",
    "UnitKind",
    "User",
    "UserManager",
    "Volunteer",
    "adult_if_born_until",
    "hash_of_secret",
    "phone_key",
]
