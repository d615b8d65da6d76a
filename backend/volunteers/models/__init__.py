"""The formation and its people."""

from backend.volunteers.models.access_log import AccessEntry, LookedAt
from backend.volunteers.models.availability import DatedAvailability, WeeklyAvailability
from backend.volunteers.models.categories import Category
from backend.volunteers.models.consents import Consent, Purpose
from backend.volunteers.models.counts import UnitCount, counted
from backend.volunteers.models.credentials import Credential, CredentialKind
from backend.volunteers.models.emblems import Emblem
from backend.volunteers.models.guardians import Guardian
from backend.volunteers.models.numbers import (
    NumberAlias,
    NumberCounter,
    Series,
    series_of,
)
from backend.volunteers.models.people import (
    ADULT_AGE,
    COUNTY_DEPTH,
    DUTIES_KEPT,
    DutyPeriod,
    Membership,
    Skill,
    Standing,
    Volunteer,
    adult_if_born_until,
    has_not_retired,
    in_service,
    is_listed,
    is_on_duty,
    is_serving,
)
from backend.volunteers.models.posts import DISPATCHING_ROLES, MANAGING_ROLES, RANKS, Post, Role, roles_from
from backend.volunteers.models.units import Unit, UnitKind, line_to, not_retired, shows

__all__ = [
    "ADULT_AGE",
    "COUNTY_DEPTH",
    "DISPATCHING_ROLES",
    "DUTIES_KEPT",
    "MANAGING_ROLES",
    "RANKS",
    "AccessEntry",
    "Category",
    "Consent",
    "Credential",
    "CredentialKind",
    "DatedAvailability",
    "DutyPeriod",
    "Emblem",
    "Guardian",
    "LookedAt",
    "Membership",
    "NumberAlias",
    "NumberCounter",
    "Post",
    "Purpose",
    "Role",
    "Series",
    "Skill",
    "Standing",
    "Unit",
    "UnitCount",
    "UnitKind",
    "Volunteer",
    "WeeklyAvailability",
    "adult_if_born_until",
    "counted",
    "has_not_retired",
    "in_service",
    "is_listed",
    "is_on_duty",
    "is_serving",
    "line_to",
    "not_retired",
    "roles_from",
    "series_of",
    "shows",
]
