"""Rules of partners: their own leaders alone say what those above see."""

from datetime import datetime

from backend.accounts.models import User
from backend.volunteers.grants import Grant
from backend.volunteers.models import Unit, UnitKind
from backend.volunteers.rules import current_posts


def is_partner(unit: Unit) -> bool:
    """Tell whether a unit is the topmost of a partner organisation: what stands below follows it."""
    if unit.kind != UnitKind.PARTNER:
        return False
    return not Unit.objects.filter(path=unit.line[-2], kind=UnitKind.PARTNER).exists()


def may_choose(user: User, unit: Unit, at: datetime) -> Grant:
    """Leaders, deputies and commanders of the partner's topmost unit itself; nobody above it, and nobody below."""
    held = current_posts(user.pk, at).managing().filter(unit=unit)
    return Grant(held.select_related("unit").order_by("seat").first() if is_partner(unit) else None)
