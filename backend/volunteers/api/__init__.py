"""REST doors to people and the formation."""

from backend.volunteers.api.me import DutyDoor, LanguageDoor, MeDoor
from backend.volunteers.api.units import UnitChildrenDoor, UnitDoor

__all__ = [
    "DutyDoor",
    "LanguageDoor",
    "MeDoor",
    "UnitChildrenDoor",
    "UnitDoor",
]
