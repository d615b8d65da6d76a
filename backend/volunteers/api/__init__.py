"""REST views to people and the formation."""

from backend.volunteers.api.me import DutyView, LanguageView, MeView
from backend.volunteers.api.units import UnitChildrenView, UnitView

__all__ = [
    "DutyView",
    "LanguageView",
    "MeView",
    "UnitChildrenView",
    "UnitView",
]
