"""What clients see of the formation and its people, and what they send."""

from backend.volunteers.schemas.me import DutyIn, DutyOut, LanguageIn, Me, PostOut
from backend.volunteers.schemas.units import UnitCounts, UnitOut, UnitsCounted

__all__ = [
    "DutyIn",
    "DutyOut",
    "LanguageIn",
    "Me",
    "PostOut",
    "UnitCounts",
    "UnitOut",
    "UnitsCounted",
]
