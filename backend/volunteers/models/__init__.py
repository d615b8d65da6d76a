"""The formation and its people."""

from backend.volunteers.models.accounts import Device, User, UserManager, phone_key
from backend.volunteers.models.availability import DatedAvailability, WeeklyAvailability
from backend.volunteers.models.counts import UnitCount, counted
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
    "DatedAvailability",
    "Device",
    "DutyPeriod",
    "Membership",
    "NumberCounter",
    "Post",
    "Role",
    "Skill",
    "Standing",
    "Tracker",
    "Unit",
    "UnitCount",
    "UnitKind",
    "User",
    "UserManager",
    "Volunteer",
    "WeeklyAvailability",
    "adult_if_born_until",
    "counted",
    "hash_of_secret",
    "phone_key",
]
