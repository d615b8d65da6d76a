"""REST doors to people and the formation."""

from backend.volunteers.api.me import DutyDoor, LanguageDoor, MeDoor
from backend.volunteers.api.sign_in import DeviceDoor, DevicesDoor, RefreshDoor, SignInDoor, SignOutDoor
from backend.volunteers.api.units import UnitChildrenDoor, UnitDoor

__all__ = [
    "DeviceDoor",
    "DevicesDoor",
    "DutyDoor",
    "LanguageDoor",
    "MeDoor",
    "RefreshDoor",
    "SignInDoor",
    "SignOutDoor",
    "UnitChildrenDoor",
    "UnitDoor",
]
