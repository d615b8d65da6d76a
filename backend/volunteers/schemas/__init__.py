"""What clients see of the formation and its people, and what they send."""

from backend.volunteers.schemas.me import DutyIn, DutyOut, LanguageIn, Me, PostOut
from backend.volunteers.schemas.sign_in import (
    DeviceIn,
    DeviceOut,
    Devices,
    RefreshIn,
    SignedIn,
    SignIn,
    SignOutIn,
    Tokens,
)
from backend.volunteers.schemas.trackers import TrackerIn, TrackerMade, TrackerOut, Trackers
from backend.volunteers.schemas.units import UnitCounts, UnitOut, UnitsCounted

__all__ = [
    "DeviceIn",
    "DeviceOut",
    "Devices",
    "DutyIn",
    "DutyOut",
    "LanguageIn",
    "Me",
    "PostOut",
    "RefreshIn",
    "SignIn",
    "SignOutIn",
    "SignedIn",
    "Tokens",
    "TrackerIn",
    "TrackerMade",
    "TrackerOut",
    "Trackers",
    "UnitCounts",
    "UnitOut",
    "UnitsCounted",
]
